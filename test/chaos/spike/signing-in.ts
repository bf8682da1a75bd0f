// A process of its own: clients that all sign in at once.
import { constants, setPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../../seeded-run/random.ts';
import type { FrameClient } from '../clients/frame-client.ts';
import { answerWith } from './asked-process.ts';
import { attemptSignIn } from './sign-in-attempt.ts';
import type { CrowdAnswer, CrowdSetup } from './sign-in-crowd.ts';

setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

const served: FrameClient[] = [];

async function signIn(setup: CrowdSetup): Promise<CrowdAnswer> {
  const { tokens, addresses, seed, patienceMs } = setup;
  const [first = '', ...others] = setup.urls;
  const toldLater: Record<string, number> = {};
  const neither: string[] = [];
  let servedAtFirst = 0;
  let mostAttempts = 0;
  let lastServedMs = 0;
  const startedAtMs = performance.now();
  const comeUntilServed = async (token: string, index: number) => {
    const from = `127.0.2.${1 + (index % addresses)}`;
    const random = new Random(seed, index);
    for (let attempts = 1; performance.now() - startedAtMs < patienceMs; attempts++) {
      mostAttempts = Math.max(mostAttempts, attempts);
      const attempt = await attemptSignIn({ url: random.pick([first, ...others]), from, token });
      if (attempt.outcome === 'served') {
        served.push(attempt.client);
        lastServedMs = performance.now() - startedAtMs;
        if (attempts === 1) servedAtFirst += 1;
        return;
      }
      if (attempt.outcome === 'neither') {
        neither.push(attempt.why);
        return;
      }
      toldLater[attempt.how] = (toldLater[attempt.how] ?? 0) + 1;
      await delay(attempt.retryAfterMs);
    }
  };
  await Promise.all(tokens.map(comeUntilServed));
  return { servedAtFirst, toldLater, neither, lastServedMs, mostAttempts };
}

answerWith({
  signIn,
  served: () => ({ count: served.filter(({ isOpen }) => isOpen).length }),
  leave: () => {
    for (const client of served) client.drop('reset');
  },
});
