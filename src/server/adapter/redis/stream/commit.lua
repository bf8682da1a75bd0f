-- One commit: all its checks hold and all of it happens, or nothing does. One that was applied is told so, so twice does no harm.
-- ARGV: seed of a new epoch, how long entries are kept in ms, most bytes of them, grace of an empty stream in ms; source, gen, seq;
-- how many checks, and each: kind and four arguments; how many changes, and each: kind and six arguments;
-- to whom the entry is (`none`, `all`, `one`), the receiver, the body.
-- Answers what became of it, and its epoch and offset, or which check failed.
local seed, keepMs, maxBytes, graceMs = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local sourceId, gen, seq = ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
local stream = openStream(seed) or newStream(seed)
local source = sourceOf(stream, sourceId)

local function noteGen(isWritten)
  if source and (gen > source.gen or isWritten) then
    source.gen = gen
    redis.call('HSET', sourcesKey, sourceId, packSource(source))
  end
end

local answer = source and answerOf(stream, source, gen, seq)
if answer then
  -- Written once more: a replica is waited for by what this connection wrote, and the commit may have come on another one.
  if answer[1] ~= STALE then noteGen(answer[1] == AGAIN) end
  return answer
end

local function memberAt(peer)
  local packed = not stream.isNew and redis.call('HGET', membersKey, peer)
  return packed and readMember(packed)
end

local checks = {
  exists = function(field) return not stream.isNew and redis.call('HEXISTS', stateKey, 'f:' .. field) == 1 end,
  absent = function(field) return stream.isNew or redis.call('HEXISTS', stateKey, 'f:' .. field) == 0 end,
  equals = function(field, value) return not stream.isNew and redis.call('HGET', stateKey, 'f:' .. field) == value end,
  member = function(peer, epoch, offset, maxGen)
    local member = memberAt(peer)
    if not member then return false end
    if epoch ~= '' and (member.epoch ~= tonumber(epoch) or member.offset ~= tonumber(offset)) then return false end
    return maxGen == '' or member.gen <= tonumber(maxGen)
  end,
  ['no-member'] = function(peer) return not memberAt(peer) end,
  ['members-below'] = function(limit) return stream.isNew and tonumber(limit) > 0 or redis.call('HLEN', membersKey) < tonumber(limit) end,
}

local at = 8
local checkCount = tonumber(ARGV[at])
at = at + 1
for index = 0, checkCount - 1 do
  if not checks[ARGV[at]](ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]) then
    noteGen()
    return { REFUSED, index }
  end
  at = at + 5
end
local changeCount = tonumber(ARGV[at])
local changesAt = at + 1
local entryAt = changesAt + changeCount * 7

-- From here on everything is done.
local now = nowMs()
if stream.isNew then
  beginStream(stream)
  redis.call('HSET', stateKey, 'empty', '1')
end

local kind, receiver, body = ARGV[entryAt], ARGV[entryAt + 1], ARGV[entryAt + 2]
local announcedOn, message
if kind == 'all' then
  local _, packed = append(stream, now, 0, stream.all, body, seed)
  announcedOn, message = channel, messageToAll(packed)
elseif kind == 'one' then
  local member = memberAt(receiver)
  local _, _, node = namesOf(member)
  local field = 'd:' .. whole(member.offset)
  local last = tonumber(redis.call('HGET', stateKey, field) or '0')
  local offset, packed = append(stream, now, member.offset, last, body, seed)
  announcedOn, message = channel .. ':' .. node, directedItem(stream, lastDirectedTo(node), packed)
  redis.call('HSET', stateKey, field, whole(offset))
  redis.call('HSET', directedKey, node, whole(offset))
end

-- By peer: its record as it is stored and as it becomes, false where there is none. By node: how many more members it has.
local stored, becomes, counts = {}, {}, {}

local function storedAt(peer)
  if stored[peer] == nil then stored[peer] = redis.call('HGET', membersKey, peer) end
  return stored[peer]
end

local function packedAt(peer)
  if becomes[peer] ~= nil then return becomes[peer] end
  return storedAt(peer)
end

local function count(node, by) counts[node] = (counts[node] or 0) + by end

local function remove(peer)
  local packed = packedAt(peer)
  if not packed then return end
  local member = readMember(packed)
  local _, _, node = namesOf(member)
  becomes[peer] = false
  redis.call('HDEL', stateKey, 'd:' .. whole(member.offset))
  count(node, -1)
end

local changes = {
  set = function(field, value) redis.call('HSET', stateKey, 'f:' .. field, value) end,
  delete = function(field) redis.call('HDEL', stateKey, 'f:' .. field) end,
  ['add-member'] = function(peer, session, user, memberGen, node, info)
    remove(peer)
    becomes[peer] = packMember(tonumber(memberGen), stream.top, stream.epoch, session, user, node, info)
    count(node, 1)
  end,
  ['update-member'] = function(peer, info)
    local packed = packedAt(peer)
    if not packed then return end
    local member = readMember(packed)
    local session, user, node = namesOf(member)
    becomes[peer] = packMember(member.gen, member.offset, member.epoch, session, user, node, info)
  end,
  ['remove-member'] = remove,
  ['remove-all-members'] = function()
    for _, peer in ipairs(redis.call('HKEYS', membersKey)) do storedAt(peer) end
    -- Also those that this commit adds: they were looked for.
    for peer in pairs(stored) do remove(peer) end
  end,
}
for index = 0, changeCount - 1 do
  local from = changesAt + index * 7
  changes[ARGV[from]](ARGV[from + 1], ARGV[from + 2], ARGV[from + 3], ARGV[from + 4], ARGV[from + 5], ARGV[from + 6])
end

local gone = {}
for peer, packed in pairs(becomes) do
  if packed then
    redis.call('HSET', membersKey, peer, packed)
  elseif stored[peer] then
    gone[#gone + 1] = peer
  end
end

source = source or newSource(gen)
source.gen = gen
rememberSeq(source, seq, stream.top, math.floor(now / 1000))
redis.call('HSET', sourcesKey, sourceId, packSource(source))
if message then
  settle(stream, now, keepMs, maxBytes)
  redis.call('SPUBLISH', announcedOn, message)
end

-- Last, and nothing looks at the members after that: with its last field a hash goes.
local isEmpty = redis.call('HLEN', membersKey) == #gone
for from = 1, #gone, 1000 do redis.call('HDEL', membersKey, unpack(gone, from, math.min(from + 999, #gone))) end
countNodes(counts)

-- A stream without members ends after its grace; one that has members again goes on.
local wasEmpty = redis.call('HEXISTS', stateKey, 'empty') == 1
local endsMs = isEmpty and redis.call('PTTL', stateKey)
if isEmpty and (not wasEmpty or endsMs < 0) then
  redis.call('HSET', stateKey, 'empty', '1')
  keepLog(now, math.min(graceMs, keepMs), 0)
  endsMs = graceMs
  redis.call('PEXPIRE', stateKey, graceMs)
elseif not isEmpty and wasEmpty then
  redis.call('HDEL', stateKey, 'empty')
  redis.call('PERSIST', stateKey)
  redis.call('PERSIST', sourcesKey)
  keepLog(now, keepMs + 1000, logLookMs)
end
if isEmpty then keepSources(endsMs) end
return { APPLIED, stream.epoch, stream.top }
