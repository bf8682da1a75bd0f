import type { Clock } from '../../../../shared/clock.ts';
import { type RedisAccess, type RedisAddress, RedisConnection } from './redis-connection.ts';
import { RedisFault } from './redis-fault.ts';
import { textsOf } from './redis-reply.ts';

export interface SentinelsOptions {
  readonly sentinels: readonly RedisAddress[];
  /** By which they know the primary. */
  readonly name: string;
  /** To the sentinels themselves. */
  readonly access: RedisAccess;
  readonly clock: Clock;
  readonly deadlineMs: number;
}

/** What one sentinel says of the primary. */
interface Answer {
  readonly primary: RedisAddress;
  /** Rises with each failover. */
  readonly configEpoch: number;
}

/** How long the others have once one has answered, where fewer than most do, in milliseconds. */
const patienceMs = 500;

/**
 * The sentinels of a deployment. One that was cut off together with an old primary goes on naming it, and whoever writes there loses that when
 * it heals. So all are asked at once, and the one is believed whose configuration is the newest.
 */
export class Sentinels {
  readonly #options: SentinelsOptions;
  /** So many can put another in the primary's place: of as many, one at least knows of it, or soon will. */
  readonly #most: number;
  /** Of the primary that was named last. */
  #configEpoch = 0;

  constructor(options: SentinelsOptions) {
    this.#options = options;
    this.#most = Math.floor(options.sentinels.length / 2) + 1;
  }

  /** Asks now, and waits for no more than most of them, unless these know less than is known here. Rejects with a fault. */
  async primary(): Promise<RedisAddress> {
    const answers = await this.#ask();
    const newest = newestOf(answers);
    // Of most it is believed: sentinels that were set up anew count from the beginning.
    if (answers.length < this.#most && newest.configEpoch < this.#configEpoch)
      throw new RedisFault('not-now', 'those sentinels that answer know only an earlier primary');
    this.#configEpoch = newest.configEpoch;
    return newest.primary;
  }

  /** What those say who answer in time: one at least. */
  #ask(): Promise<readonly Answer[]> {
    const { sentinels, clock } = this.#options;
    return new Promise((resolve, reject) => {
      const answers: Answer[] = [];
      let failure: unknown;
      let cancel: () => void = () => undefined;
      const end = () => {
        cancel();
        resolve([...answers]);
      };
      const heard = (answer: Answer) => {
        answers.push(answer);
        const isEnough = answers.length >= this.#most && newestOf(answers).configEpoch >= this.#configEpoch;
        if (isEnough) end();
        else if (answers.length === 1) cancel = clock.after(patienceMs, end);
      };
      const asked = sentinels.map(async (address) => {
        try {
          heard(await this.#askOne(address));
        } catch (error) {
          failure = error;
        }
      });
      void Promise.all(asked).then(() => (answers.length > 0 ? end() : reject(failure as Error)));
    });
  }

  #askOne(address: RedisAddress): Promise<Answer> {
    const { name } = this.#options;
    return RedisConnection.using({ ...this.#options, address }, async (connection) => {
      // In this order, so that what is named may be newer than its epoch, and not older. SENTINEL MASTER itself names the old primary for longer.
      const [master, named] = await Promise.all([
        connection.send('SENTINEL', ['MASTER', name]),
        connection.send('SENTINEL', ['GET-MASTER-ADDR-BY-NAME', name]),
      ]);
      const [host, port] = textsOf(named);
      if (host === undefined)
        throw new RedisFault('not-now', `the sentinels know no primary by the name ${name}`);
      return { primary: { host, port: Number(port) }, configEpoch: configEpochIn(textsOf(master)) };
    });
  }
}

function newestOf(answers: readonly Answer[]): Answer {
  return answers.reduce((one, other) => (other.configEpoch > one.configEpoch ? other : one));
}

/** SENTINEL MASTER answers names and values in turn. */
function configEpochIn(fields: readonly string[]): number {
  return Number(fields[fields.indexOf('config-epoch') + 1]);
}
