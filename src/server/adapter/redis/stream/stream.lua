-- What every script of a stream has in common. A stream is one slot.
--
-- A slot may be on its way from one server to another. A script is then refused before it begins (TRYAGAIN, ASK) unless all of its KEYS are
-- where it was sent, and from its first call on a key that is not there it fails, whatever it has written by then. So
--   - every key that a script may touch is declared, and nothing is deleted and touched again: what deletes the last field of a
--     hash comes at the end, once for each key;
--   - while a stream has members all of its keys are there: nodes and directed name the same nodes, and the log stays when it is
--     empty. A stream that nobody is in, or that is yet to begin, waits until its slot has moved.
--
--   KEYS[1] state    hash    lineage, epoch, first, forks, top, all, bytes, marks, logUntil and so on; `f:<field>`; `d:<route>`: last directed to it
--   KEYS[2] members  hash    peer id -> gen, join's offset and epoch, session, user, node, info
--   KEYS[3] sources  hash    source id -> gen, which seqs were applied, the offsets they got
--   KEYS[4] log      stream  ids `<offset>-0`, one field `e`: the entry as it is announced
--   KEYS[5] nodes    hash    node -> how many members it has
--   KEYS[6] directed hash    node -> the last offset directed to a member that it has, 0 before the first
-- What is announced to all nodes goes to `channel:` and what the keys begin with, and what is directed to a node's member to
-- `<channel>:<node>`. A channel is no key.
local stateKey, membersKey, sourcesKey, logKey, nodesKey, directedKey = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local channel = 'channel:' .. string.sub(stateKey, 1, -7)

-- Answers of a commit.
local REFUSED, APPLIED, AGAIN, STALE, NOT_APPLIED = 0, 1, 2, 3, 4

-- Offsets and epochs stay below 2^32, bytes below 2^53: Lua's own form of a number keeps 14 digits.
local function whole(number) return string.format('%d', number) end

local function nowMs()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- A new epoch, from the next entry on. What was before it stays true up to `top`.
local function fork(stream, seed)
  stream.forks = stream.forks .. whole(stream.epoch) .. ':' .. whole(stream.first) .. ';'
  stream.fork = stream.fork + 1
  stream.epoch = seed
  stream.first = stream.top + 1
  redis.call('HSET', stateKey, 'lineage', stream.lineage, 'fork', whole(stream.fork), 'epoch', whole(stream.epoch),
    'first', whole(stream.first), 'forks', stream.forks, 'forkedAt', whole(nowMs()))
end

-- The stream as it stands, or nothing. In another lineage some of it may be lost: a new epoch begins.
local function openStream(seed)
  local found = redis.call('HMGET', stateKey, 'lineage', 'epoch', 'first', 'forks', 'fork', 'top', 'all', 'bytes', 'markedAt',
    'markedBytes', 'logUntil')
  if not found[2] then return nil end
  local stream = {
    lineage = found[1],
    epoch = tonumber(found[2]),
    first = tonumber(found[3]),
    forks = found[4],
    fork = tonumber(found[5]),
    top = tonumber(found[6]),
    all = tonumber(found[7]),
    bytes = tonumber(found[8]),
    markedAt = tonumber(found[9]),
    markedBytes = tonumber(found[10]),
    -- Nothing in a stream of an earlier version.
    logUntil = tonumber(found[11]),
  }
  local lineage = lineageNow()
  if stream.lineage ~= lineage then
    stream.lineage = lineage
    fork(stream, seed)
  end
  return stream
end

-- A stream that is not there yet. Nothing is written before the commit's own writes.
local function newStream(seed)
  return {
    isNew = true, lineage = lineageNow(), epoch = seed, first = 1, forks = '', fork = 0, top = 0, all = 0, bytes = 0, markedAt = 0,
    markedBytes = 0,
  }
end

-- Whether what lies up to a position is part of the stream as it stands.
local function isKnown(stream, epoch, offset)
  if offset > stream.top then return false end
  if epoch == stream.epoch then return true end
  local found = false
  for forkEpoch, first in string.gmatch(stream.forks, '(%d+):(%d+);') do
    if found then return offset < tonumber(first) end
    found = tonumber(forkEpoch) == epoch
  end
  return found and offset < stream.first
end

-- Whether a position that was announced or acknowledged is gone, though its epoch is known: entries after which others came were lost.
local function isLost(stream, epoch, offset)
  if isKnown(stream, epoch, offset) then return false end
  for forkEpoch in string.gmatch(stream.forks, '(%d+):') do
    if tonumber(forkEpoch) == epoch then return true end
  end
  return false
end

-- A new epoch after which no position of those before it is good.
local function breakOff(stream, seed)
  fork(stream, seed)
  stream.forks = ''
  redis.call('HSET', stateKey, 'forks', '')
end

-- Forgets the epochs of which no position is good any more, now that the log begins after `low`.
local function dropForks(stream, low)
  local kept, before = {}, nil
  for epoch, first in string.gmatch(stream.forks, '(%d+):(%d+);') do
    if before and tonumber(first) > low then kept[#kept + 1] = before end
    before = epoch .. ':' .. first .. ';'
  end
  if before and stream.first > low then kept[#kept + 1] = before end
  stream.forks = table.concat(kept)
  redis.call('HSET', stateKey, 'forks', stream.forks)
end

-- In which epoch an offset was given.
local function epochOf(stream, offset)
  if offset >= stream.first then return stream.epoch end
  local epoch = stream.epoch
  for forkEpoch, first in string.gmatch(stream.forks, '(%d+):(%d+);') do
    if offset >= tonumber(first) then epoch = tonumber(forkEpoch) end
  end
  return epoch
end

-- A source: gen, the highest seq that was applied, which of the 64 from it downwards were, when it last did something, their offsets.
local sourceHead = '>I4I4I4I4I4I4'
local sourceHeadBytes = 24
local noOffsets = string.rep('\0', 256)

local function readSource(packed)
  local gen, any, highest, low, high, usedAt = struct.unpack(sourceHead, packed)
  return { gen = gen, any = any, highest = highest, low = low, high = high, usedAt = usedAt, offsets = string.sub(packed, sourceHeadBytes + 1) }
end

local function newSource(gen)
  return { gen = gen, any = 0, highest = 0, low = 0, high = 0, usedAt = 0, offsets = noOffsets }
end

local function packSource(source)
  return struct.pack(sourceHead, source.gen, source.any, source.highest, source.low, source.high, source.usedAt) .. source.offsets
end

local function isNewSeq(source, seq) return source.any == 0 or seq > source.highest end

-- The offset that an applied seq got, or nothing.
local function offsetOf(source, seq)
  local age = source.highest - seq
  if source.any == 0 or age < 0 or age >= 64 then return nil end
  local word = age < 32 and source.low or source.high
  if bit.band(bit.rshift(word, age % 32), 1) == 0 then return nil end
  local at = (seq % 64) * 4 + 1
  return (struct.unpack('>I4', string.sub(source.offsets, at, at + 3)))
end

local function rememberSeq(source, seq, offset, atSeconds)
  local by = source.any == 0 and 64 or seq - source.highest
  if by >= 64 then
    source.low, source.high = 0, 0
  elseif by >= 32 then
    source.high = by == 32 and source.low or bit.lshift(source.low, by - 32)
    source.low = 0
  elseif by > 0 then
    source.high = bit.bor(bit.lshift(source.high, by), bit.rshift(source.low, 32 - by))
    source.low = bit.lshift(source.low, by)
  end
  source.low = bit.bor(source.low, 1)
  source.any = 1
  source.highest = seq
  source.usedAt = atSeconds
  local at = (seq % 64) * 4
  source.offsets = string.sub(source.offsets, 1, at) .. struct.pack('>I4', offset) .. string.sub(source.offsets, at + 5)
end

-- How long what sources did is known of a stream that nobody is in, at least, also when the stream has ended: longer than a commit may be on
-- its way, which is two of the longest REDIS_TIMEOUT_MS and the 5 s for which it is asked whether it was carried out.
local fenceMs = 20000

-- Called where nobody is in the stream, once the state's own end is set, which is in so many ms.
local function keepSources(stateMs)
  redis.call('PEXPIRE', sourcesKey, math.max(stateMs, fenceMs))
end

-- Of a source of a stream that ended: its gen and what it did, and no more where that stands.
local function leftOf(source)
  source.offsets = noOffsets
  return source
end

-- Whether there are sources of a stream that ended because nobody was in it. Those of one that was lost have no end.
local function areSourcesLeft()
  return redis.call('PTTL', sourcesKey) > 0
end

-- What is known of a source, or nothing.
local function sourceOf(stream, id)
  if stream.isNew and not areSourcesLeft() then return nil end
  local packed = redis.call('HGET', sourcesKey, id)
  if not packed then return nil end
  return stream.isNew and leftOf(readSource(packed)) or readSource(packed)
end

-- A log without entries.
local function makeLog() redis.call('XADD', logKey, 'MAXLEN', '0', '0-1', 'e', '') end

-- The first write to a stream that is not there yet.
local function beginStream(stream)
  if areSourcesLeft() then
    local all = redis.call('HGETALL', sourcesKey)
    for index = 1, #all, 2 do redis.call('HSET', sourcesKey, all[index], packSource(leftOf(readSource(all[index + 1])))) end
  else
    redis.call('DEL', sourcesKey)
  end
  redis.call('DEL', logKey, membersKey, nodesKey, directedKey)
  makeLog()
  redis.call('HSET', stateKey, 'lineage', stream.lineage, 'fork', '0', 'epoch', whole(stream.epoch), 'first', '1', 'forks', '',
    'top', '0', 'all', '0', 'bytes', '0', 'markedAt', '0', 'markedBytes', '0', 'marks', '', 'droppedBytes', '0', 'sweptAt', '0',
    'logUntil', '0')
  stream.isNew = nil
end

-- What a source's gen and seq mean before anything is checked: nothing where the commit is to be evaluated.
local function answerOf(stream, source, gen, seq)
  if gen < source.gen then return { STALE } end
  if isNewSeq(source, seq) then return nil end
  local offset = offsetOf(source, seq)
  if not offset then return { NOT_APPLIED } end
  return { AGAIN, epochOf(stream, offset), offset }
end

local memberHead = '>I4I4I4'
local memberHeadBytes = 12

local function readMember(packed)
  local gen, offset, epoch = struct.unpack(memberHead, packed)
  return { gen = gen, offset = offset, epoch = epoch, packed = packed }
end

-- Session, user and node of a member, and where in its record its info begins.
local function namesOf(member)
  local session, user, node, at = struct.unpack('>I2c0I2c0I2c0', member.packed, memberHeadBytes + 1)
  return session, user, node, at
end

local function packMember(gen, offset, epoch, session, user, node, info)
  return struct.pack(memberHead, gen, offset, epoch) ..
    struct.pack('>I2c0I2c0I2c0', #session, session, #user, user, #node, node) .. info
end

-- Counts members that nodes have more, or less: by node. In this order, so that no key goes and comes back.
local function countNodes(counts)
  local gone = {}
  for node, by in pairs(counts) do
    if by > 0 then
      redis.call('HINCRBY', nodesKey, node, by)
      redis.call('HSETNX', directedKey, node, '0')
    end
  end
  for node, by in pairs(counts) do
    if by < 0 and redis.call('HINCRBY', nodesKey, node, by) <= 0 then gone[#gone + 1] = node end
  end
  if #gone > 0 then
    redis.call('HDEL', nodesKey, unpack(gone))
    redis.call('HDEL', directedKey, unpack(gone))
  end
end

-- How much longer the log is there than the state says, in ms: as much as clocks may differ between when it expires and when that is looked at.
local logSlackMs = 1000
-- How much longer still while there are members: so that a node that follows the stream can empty it, for the key to stay (`look.lua`).
local logLookMs = 15000

-- Keeps the log for some time from now, where there is one.
local function keepLog(now, forMs, lookMs)
  local untilMs = now + forMs
  if redis.call('PEXPIREAT', logKey, whole(untilMs + logSlackMs + lookMs)) == 1 then
    redis.call('HSET', stateKey, 'logUntil', whole(untilMs))
  end
end

-- Whether what is in the log is to be there no more, though the key may be.
local function isLogOver(stream, now) return stream.logUntil and now >= stream.logUntil + logSlackMs end

-- Adds an entry to the log: its offset, and the entry as it is kept and announced.
local function append(stream, now, route, previous, body, seed)
  local offset = stream.top + 1
  local function entry()
    return struct.pack('>I4I4I4I4I4', stream.epoch, offset, route, previous, stream.all) .. body
  end
  local packed = entry()
  if isLogOver(stream, now) then
    redis.call('XTRIM', logKey, 'MAXLEN', '0')
    stream.logUntil, stream.markedAt = now, 0
  end
  local added = redis.pcall('XADD', logKey, 'NOMKSTREAM', whole(offset) .. '-0', 'e', packed)
  if type(added) ~= 'string' then
    -- One that is gone since its time was over is as if trimmed by age: nothing is lost by it. One that is gone before its time, or has gone
    -- on beyond what the state knows of, is a loss: nothing of it can be trusted.
    local isOver = not added and stream.logUntil and now >= stream.logUntil
    if not isOver then
      if added then
        redis.call('XTRIM', logKey, 'MAXLEN', '0')
        redis.call('XSETID', logKey, whole(stream.top) .. '-0', 'ENTRIESADDED', '0', 'MAXDELETEDID', '0-0')
      end
      fork(stream, seed)
      packed = entry()
    end
    dropForks(stream, stream.top)
    redis.call('XADD', logKey, whole(offset) .. '-0', 'e', packed)
    stream.markedAt = 0
  end
  stream.top = offset
  stream.bytes = stream.bytes + #body
  if route == 0 then stream.all = offset end
  return offset, packed
end

-- The last offset that was directed to a node.
local function lastDirectedTo(node)
  return tonumber(redis.call('HGET', directedKey, node) or '0')
end

-- A message of an entry for all. Each node finds in it what was last directed to it, so that it knows whether that is missing.
local function messageToAll(packed)
  local directed = redis.call('HGETALL', directedKey)
  local parts = { struct.pack('>I2', #directed / 2) }
  for index = 1, #directed, 2 do
    parts[#parts + 1] = struct.pack('>I2c0I4', #directed[index], directed[index], tonumber(directed[index + 1]))
  end
  parts[#parts + 1] = packed
  local payload = table.concat(parts)
  return '\1' .. struct.pack('>I4', #payload) .. payload
end

-- An item of a message to the node of an entry's receiver: what was announced to it before, and the entry.
local function directedItem(stream, lastDirected, packed)
  return '\3' .. struct.pack('>I4I4', 4 + #packed, math.max(stream.all, lastDirected)) .. packed
end

-- Forgets the sources that have been quiet for as long as entries are kept and are no members.
local function forgetSources(now, keepMs)
  local isMember = {}
  for _, packed in ipairs(redis.call('HVALS', membersKey)) do isMember[(namesOf(readMember(packed)))] = true end
  local all = redis.call('HGETALL', sourcesKey)
  for index = 1, #all, 2 do
    local source = readSource(all[index + 1])
    if source.usedAt * 1000 <= now - keepMs - 1000 and not isMember[all[index]] then redis.call('HDEL', sourcesKey, all[index]) end
  end
end

-- Once a second, or after much: notes how far the log is, and drops what is older than `keepMs` or beyond `maxBytes`. The newest entry stays.
local function trim(stream, now, keepMs, maxBytes)
  if now - stream.markedAt < 1000 and (stream.bytes - stream.markedBytes) * 16 < maxBytes then return end
  local found = redis.call('HMGET', stateKey, 'marks', 'droppedBytes', 'sweptAt')
  local marks = found[1] .. whole(now) .. ':' .. whole(stream.top) .. ':' .. whole(stream.bytes) .. ';'
  local kept, through, dropped = {}, 0, tonumber(found[2])
  for at, top, bytes in string.gmatch(marks, '(%d+):(%d+):(%d+);') do
    if tonumber(at) <= now - keepMs or stream.bytes - dropped > maxBytes then
      through, dropped = tonumber(top), tonumber(bytes)
    else
      kept[#kept + 1] = at .. ':' .. top .. ':' .. bytes .. ';'
    end
  end
  if through > 0 then
    redis.call('XTRIM', logKey, 'MINID', whole(math.min(through + 1, stream.top)) .. '-0')
    dropForks(stream, through)
  end
  -- Until the next mark is set entries come, which are to be kept as long.
  keepLog(now, keepMs + 1000, logLookMs)
  redis.call('HSET', stateKey, 'marks', table.concat(kept), 'markedAt', whole(now), 'markedBytes', whole(stream.bytes), 'droppedBytes',
    whole(dropped))
  stream.markedAt, stream.markedBytes = now, stream.bytes
  if now - tonumber(found[3]) >= keepMs then
    forgetSources(now, keepMs)
    redis.call('HSET', stateKey, 'sweptAt', whole(now))
  end
end

-- What the state is after entries were added, with more of its fields and values.
local function settle(stream, now, keepMs, maxBytes, ...)
  redis.call('HSET', stateKey, 'top', whole(stream.top), 'all', whole(stream.all), 'bytes', whole(stream.bytes), ...)
  trim(stream, now, keepMs, maxBytes)
end

-- The stream as it is: head, fields, members, what was last directed to each, and how many ms ago its last fork was; -1: it has none.
local function stateOf(stream)
  local fields, directed, forkedAgo = {}, {}, -1
  local all = redis.call('HGETALL', stateKey)
  for index = 1, #all, 2 do
    local kind = string.sub(all[index], 1, 2)
    if kind == 'f:' then
      fields[#fields + 1] = string.sub(all[index], 3)
      fields[#fields + 1] = all[index + 1]
    elseif kind == 'd:' then
      directed[#directed + 1] = tonumber(string.sub(all[index], 3))
      directed[#directed + 1] = tonumber(all[index + 1])
    elseif all[index] == 'forkedAt' then
      -- Another server's clock may be ahead of this one's.
      forkedAgo = math.max(0, nowMs() - tonumber(all[index + 1]))
    end
  end
  return { stream.epoch, stream.top, stream.all, fields, redis.call('HGETALL', membersKey), directed, forkedAgo }
end
