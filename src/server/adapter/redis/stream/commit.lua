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
  local _, packed = append(stream, 0, stream.all, body, seed)
  announcedOn, message = channel, messageToAll(packed)
elseif kind == 'one' then
  local member = memberAt(receiver)
  local _, _, node = namesOf(member)
  local field = 'd:' .. whole(member.offset)
  local last = tonumber(redis.call('HGET', stateKey, field) or '0')
  local offset, packed = append(stream, member.offset, last, body, seed)
  announcedOn, message = channel .. ':' .. node, directedItem(stream, lastDirectedTo(node), packed)
  redis.call('HSET', stateKey, field, whole(offset))
  redis.call('HSET', directedKey, node, whole(offset))
end

local function remove(peer, packed)
  local member = readMember(packed)
  local _, _, node = namesOf(member)
  redis.call('HDEL', membersKey, peer)
  redis.call('HDEL', stateKey, 'd:' .. whole(member.offset))
  countAt(node, -1)
end

local changes = {
  set = function(field, value) redis.call('HSET', stateKey, 'f:' .. field, value) end,
  delete = function(field) redis.call('HDEL', stateKey, 'f:' .. field) end,
  ['add-member'] = function(peer, session, user, memberGen, node, info)
    local held = redis.call('HGET', membersKey, peer)
    if held then remove(peer, held) end
    redis.call('HSET', membersKey, peer, packMember(tonumber(memberGen), stream.top, stream.epoch, session, user, node, info))
    countAt(node, 1)
  end,
  ['update-member'] = function(peer, info)
    local packed = redis.call('HGET', membersKey, peer)
    if not packed then return end
    local member = readMember(packed)
    local session, user, node = namesOf(member)
    redis.call('HSET', membersKey, peer, packMember(member.gen, member.offset, member.epoch, session, user, node, info))
  end,
  ['remove-member'] = function(peer)
    local packed = redis.call('HGET', membersKey, peer)
    if packed then remove(peer, packed) end
  end,
  ['remove-all-members'] = function()
    local all = redis.call('HGETALL', membersKey)
    for index = 1, #all, 2 do remove(all[index], all[index + 1]) end
  end,
}
for index = 0, changeCount - 1 do
  local from = changesAt + index * 7
  changes[ARGV[from]](ARGV[from + 1], ARGV[from + 2], ARGV[from + 3], ARGV[from + 4], ARGV[from + 5], ARGV[from + 6])
end

source = source or newSource(gen)
source.gen = gen
rememberSeq(source, seq, stream.top, math.floor(now / 1000))
redis.call('HSET', sourcesKey, sourceId, packSource(source))
if message then
  settle(stream, now, keepMs, maxBytes)
  redis.call('SPUBLISH', announcedOn, message)
end

-- A stream without members ends after its grace; one that has members again goes on.
local isEmpty = redis.call('HLEN', membersKey) == 0
local wasEmpty = redis.call('HEXISTS', stateKey, 'empty') == 1
if isEmpty and (not wasEmpty or redis.call('PTTL', stateKey) < 0) then
  redis.call('HSET', stateKey, 'empty', '1')
  keepLog(now, math.min(graceMs, keepMs))
  redis.call('PEXPIRE', stateKey, graceMs)
elseif not isEmpty and wasEmpty then
  redis.call('HDEL', stateKey, 'empty')
  redis.call('PERSIST', stateKey)
  redis.call('PERSIST', sourcesKey)
  keepLog(now, keepMs + 1000)
end
if isEmpty then keepSources() end
return { APPLIED, stream.epoch, stream.top }
