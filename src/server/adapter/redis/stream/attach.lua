-- Gives a session's place to a gen and a node, and answers with the stream as it then is. Twice does no harm: it sets what it sets.
-- ARGV: seed of a new epoch, grace of an empty stream in ms, session, peer, gen, node. Answers nothing where a higher gen was here.
local seed, graceMs, session, peer, gen, node = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]
local stream = openStream(seed) or newStream(seed)
local source = sourceOf(stream, session) or newSource(gen)
if gen < source.gen then return false end

if stream.isNew then
  beginStream(stream)
  redis.call('HSET', stateKey, 'empty', '1')
end
source.gen = gen
source.usedAt = math.floor(nowMs() / 1000)
redis.call('HSET', sourcesKey, session, packSource(source))
local found = redis.call('HGET', membersKey, peer)
if found then
  local member = readMember(found)
  local heldBy, user, before, at = namesOf(member)
  if heldBy == session then
    redis.call('HSET', membersKey, peer, packMember(gen, member.offset, member.epoch, session, user, node, string.sub(found, at)))
    if before ~= node then countNodes({ [before] = -1, [node] = 1 }) end
  end
end
-- What nobody is in ends with the grace that began when the last one left, or now.
if redis.call('HLEN', membersKey) == 0 then
  if redis.call('PTTL', stateKey) < 0 then
    local endsMs = math.max(graceMs, fenceMs)
    redis.call('PEXPIRE', stateKey, endsMs)
    redis.call('PEXPIRE', logKey, endsMs + logSlackMs)
  end
  keepSources(redis.call('PTTL', stateKey))
end
return stateOf(stream)
