import { AskedProcess } from './asked-process.ts';

/** What the process of those who sign in is given. */
export interface CrowdSetup {
  /** The nodes, of which each attempt goes to one by chance. */
  readonly urls: readonly string[];
  /** One for each client. */
  readonly tokens: readonly string[];
  /** From how many addresses they come. */
  readonly addresses: number;
  readonly seed: number;
  /** How long they come again as they are told before they give up, in milliseconds. */
  readonly patienceMs: number;
}

/** What came of them. */
export interface CrowdAnswer {
  readonly servedAtFirst: number;
  readonly toldLater: Readonly<Record<string, number>>;
  /** Why each that was neither served nor told to come again was not. */
  readonly neither: readonly string[];
  readonly lastServedMs: number;
  readonly mostAttempts: number;
}

export interface CrowdAnswers {
  readonly signIn: CrowdAnswer;
  readonly served: { readonly count: number };
  readonly leave: null;
}

/**
 * Clients that all sign in at once: in a process, which has less of the machine than nodes and calls where they share it, since in a
 * deployment it is on other machines.
 */
export class SignInCrowd {
  readonly #process = new AskedProcess<CrowdAnswers>('signing-in.ts');

  /** Resolves when each is served, or gave up. */
  signIn(setup: CrowdSetup): Promise<CrowdAnswer> {
    return this.#process.ask('signIn', setup);
  }

  /** How many have their connection: who was served and lost it again was not served. */
  async served(): Promise<number> {
    return (await this.#process.ask('served')).count;
  }

  /** All are gone, without a word. */
  async leave(): Promise<void> {
    await this.#process.ask('leave');
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}
