import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A program of this folder as a process of its own, which answers what it is asked, one question at a time. */
export class AskedProcess<Answers extends object> {
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;

  constructor(file: string) {
    this.#process = fork(fileURLToPath(new URL(file, import.meta.url)));
    this.#ended = once(this.#process, 'close').then(() => undefined);
  }

  /** Rejects where it ends before its answer. */
  async ask<Ask extends keyof Answers>(ask: Ask, given?: object): Promise<Answers[Ask]> {
    const answered = once(this.#process, 'message') as Promise<[Answers[Ask]]>;
    this.#process.send({ ask, given });
    const answer = await Promise.race([answered, this.#ended]);
    if (answer === undefined) throw new Error(`the process ended before its answer to ${String(ask)}`);
    return answer[0];
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended;
  }
}

type Given = Readonly<Record<string, unknown>>;

/** The other side of it: answers by this table until whoever asks is gone. */
export function answerWith(answers: Readonly<Record<string, (given: never) => unknown>>): void {
  process.on('message', ({ ask, given }: { readonly ask: string; readonly given: Given }) => {
    const answer = answers[ask] as ((given: Given) => unknown) | undefined;
    void Promise.resolve(answer?.(given)).then((answered) => process.send?.(answered ?? null));
  });
  process.on('disconnect', () => process.exit(1));
}
