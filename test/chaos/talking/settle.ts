import type { Crowd } from '../clients/crowd.ts';
import { sendOne } from '../clients/talk.ts';
import type { Tally } from '../report/tally.ts';
import { isHeard } from './all-talk.ts';

/** How long the last messages may take once nothing breaks any more: the heartbeat of a quiet client, and a replay. */
const timeoutMs = 10_000;
/** The same where a promise is broken already: what is missing then need not be waited for. */
const brokenTimeoutMs = 2_000;

/**
 * Until every client is back, every request is answered and every message has arrived. Then each says one thing more, which has to be
 * heard.
 */
export async function settle(crowd: Crowd, tally: Tally): Promise<void> {
  const { ledger, observations, changes, isBroken } = tally;
  const inTimeMs = isBroken ? brokenTimeoutMs : timeoutMs;
  const isSettled = () =>
    ledger.open === 0 && crowd.members.every(({ client }) => client.isConnected) && ledger.missing === 0;
  await changes.until(isSettled, inTimeMs);
  for (const { client } of crowd.members) {
    if (!client.isConnected) observations.end(client.name, 'did not come back');
  }
  const last = crowd.members.map((member) => ({ member, seq: member.channel.sent }));
  for (const { member } of last) void sendOne(member, ledger);
  const silent = () => last.filter(({ member, seq }) => !isHeard(member, seq)).length;
  await changes.until(() => silent() === 0 && ledger.open === 0, inTimeMs);
  tally.silent += silent();
}
