-- ARGV: session id, secret hash, node, window, policy, a name of this call.
-- Twice: the record is there with its secret, so nothing is done; sessions that were replaced and are not forgotten are named again,
-- for the hints and notices that follow. Late, after the session ended and was forgotten: what is left of it says so, and it stays ended.
local secretHash, node, windowMs, policy, call = ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6]
local known, living, replaced = nil, {}, {}
local all = redis.call('HGETALL', sessions)
for i = 1, #all, 2 do
  local record = cjson.decode(all[i + 1])
  if all[i] == id and record.secretHash == secretHash then known = record end
  if record.ended == 'replaced' then
    replaced[#replaced + 1] = all[i]
    replaced[#replaced + 1] = all[i + 1]
  end
  if record.phase ~= 'ended' then living[#living + 1] = { id = all[i], record = record } end
end
if known then return { known.call == call and 'opened' or 'again', unpack(replaced) } end
if redis.call('EXISTS', tombstone) == 1 then return { 'again', unpack(replaced) } end
if policy == 'refuse' and #living > 0 then return { 'refused' } end

local ended = { 'opened' }
if policy == 'replace' then
  for _, other in ipairs(living) do
    other.record.phase = 'ended'
    other.record.ended = 'replaced'
    ended[#ended + 1] = other.id
    ended[#ended + 1] = save(other.id, other.record)
  end
end
save(id, {
  secretHash = secretHash, gen = 1, node = node, attempt = 0, windowMs = windowMs, phase = 'attached', deadlineMs = 0,
  openedMs = now(), call = call, lineage = lineageNow(), rooms = {},
})
return ended
