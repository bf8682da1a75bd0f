import type { Crowd } from '../clients/crowd.ts';
import type { Tally } from '../report/tally.ts';

/** How long the last messages may take once nothing breaks any more: the heartbeat of a quiet client, and a replay. */
const timeoutMs = 10_000;
/** The same where a promise is broken already: what is missing then need not be waited for. */
const brokenTimeoutMs = 2_000;

/** Until every client is back, every request is answered and every message has arrived. */
export async function settle(
  crowd: Crowd,
  { ledger, observations, changes, isBroken }: Tally,
): Promise<void> {
  const isSettled = () =>
    ledger.open === 0 && crowd.members.every(({ client }) => client.isConnected) && ledger.missing === 0;
  await changes.until(isSettled, isBroken ? brokenTimeoutMs : timeoutMs);
  for (const { client } of crowd.members) {
    if (!client.isConnected) observations.end(client.name, 'did not come back');
  }
}
