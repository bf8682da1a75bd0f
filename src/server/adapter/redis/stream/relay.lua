-- Relays of one stream, one after the other: entries for one member each, from another. A relay that was applied is told so, so twice does no harm.
-- ARGV: seed of a new epoch, how long entries are kept in ms, most bytes of them;
-- then for each relay: source, gen, seq, sender, epoch and offset of its join and receiver, with blanks between; its body.
-- Answers with nine bytes for each: what became of it, and its epoch and offset, or which check failed (0: the sender, 1: the receiver).
local seed, keepMs, maxBytes = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local stream = openStream(seed)
local results, members, sources, directed = {}, {}, {}, {}
-- By node: what is announced to it, and the last offset directed to it.
local announced, directedTo = {}, {}
local now = nowMs()

-- A record of a hash, read once for all relays; false where there is none.
local function recordOf(known, key, id, read)
  if known[id] == nil then
    local packed = redis.call('HGET', key, id)
    known[id] = packed and read(packed) or false
  end
  return known[id]
end

for index = 4, #ARGV, 2 do
  local id, genText, seqText, from, epochText, offsetText, to =
    string.match(ARGV[index], '^(%S+) (%d+) (%d+) (%S+) (%d+) (%d+) (%S+)$')
  local gen, seq, joinEpoch, joinOffset, body =
    tonumber(genText), tonumber(seqText), tonumber(epochText), tonumber(offsetText), ARGV[index + 1]
  local source = stream and recordOf(sources, sourcesKey, id, readSource)
  local answer = source and answerOf(stream, source, gen, seq)
  if source and gen > source.gen then
    source.gen = gen
    source.isChanged = true
  end
  -- Written once more: a replica is waited for by what this connection wrote, and the relay may have come on another one.
  if answer and answer[1] == AGAIN then source.isChanged = true end
  if not answer then
    local sender = stream and recordOf(members, membersKey, from, readMember)
    local receiver = stream and recordOf(members, membersKey, to, readMember)
    if not sender or sender.offset ~= joinOffset or sender.epoch ~= joinEpoch then
      answer = { REFUSED, 0 }
    elseif not receiver then
      answer = { REFUSED, 1 }
    else
      if not receiver.node then
        local _, _, node = namesOf(receiver)
        receiver.node = node
      end
      local route, node = receiver.offset, receiver.node
      local last = directed[route] or tonumber(redis.call('HGET', stateKey, 'd:' .. whole(route)) or '0')
      local offset, packed = append(stream, now, route, last, body, seed)
      local items = announced[node] or {}
      items[#items + 1] = directedItem(stream, directedTo[node] or lastDirectedTo(node), packed)
      announced[node], directedTo[node], directed[route] = items, offset, offset
      source = source or newSource(gen)
      sources[id] = source
      rememberSeq(source, seq, offset, math.floor(now / 1000))
      source.isChanged = true
      answer = { APPLIED, stream.epoch, offset }
    end
  end
  results[#results + 1] = struct.pack('>BI4I4', answer[1], answer[2] or 0, answer[3] or 0)
end

local changed = {}
for id, source in pairs(sources) do
  if source and source.isChanged then
    changed[#changed + 1] = id
    changed[#changed + 1] = packSource(source)
  end
end
if #changed > 0 then redis.call('HSET', sourcesKey, unpack(changed)) end
if next(announced) then
  local last = {}
  for route, offset in pairs(directed) do
    last[#last + 1] = 'd:' .. whole(route)
    last[#last + 1] = whole(offset)
  end
  settle(stream, now, keepMs, maxBytes, unpack(last))
  for node, items in pairs(announced) do
    redis.call('HSET', directedKey, node, whole(directedTo[node]))
    redis.call('SPUBLISH', channel .. ':' .. node, table.concat(items))
  end
end
return table.concat(results)
