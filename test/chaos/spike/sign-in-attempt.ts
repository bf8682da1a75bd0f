import { SignalError } from '../../../src/shared/signal-error.ts';
import { FrameClient } from '../clients/frame-client.ts';
import { UpgradeRefused } from '../clients/upgrade-refused.ts';

export interface AttemptOptions {
  readonly url: string;
  readonly from: string;
  readonly token: string;
}

/** What came of one attempt to sign in. */
export type Attempt =
  | { readonly outcome: 'served'; readonly client: FrameClient }
  /** By a typed error, or by the status of the upgrade; `how` names it. */
  | { readonly outcome: 'later'; readonly retryAfterMs: number; readonly how: string }
  | { readonly outcome: 'neither'; readonly why: string };

const answerWithinMs = 20_000;

export async function attemptSignIn({ url, from, token }: AttemptOptions): Promise<Attempt> {
  let client: FrameClient | undefined;
  try {
    client = await FrameClient.open({ url, from, answerWithinMs });
    await client.hello({ token });
    return { outcome: 'served', client };
  } catch (error) {
    client?.drop();
    return laterOf(error) ?? { outcome: 'neither', why: String(error) };
  }
}

function laterOf(error: unknown): Attempt | undefined {
  if (error instanceof UpgradeRefused && error.retryAfterMs !== undefined)
    return { outcome: 'later', retryAfterMs: error.retryAfterMs, how: `HTTP ${error.status}` };
  if (error instanceof SignalError && error.retryAfterMs > 0)
    return { outcome: 'later', retryAfterMs: error.retryAfterMs, how: error.codeName };
  return undefined;
}
