import type { ServerProcess } from '../../test/server-process/server-process.ts';

/** Two clients of a server: what one sends, the server relays to the other. */
export interface Pair {
  /** Sends the text of a message. */
  send(text: string): void;
  /** Requests that the server has not answered yet, where it answers; a pair with too many has to wait. */
  readonly unanswered: number;
  close(): void;
}

/** A server that runs and is loaded. */
export interface RunningSubject {
  readonly process: ServerProcess;
  /** Connects a pair; `received` gets the bytes of each message that arrives, the text somewhere in them. */
  connect(index: number, received: (bytes: Buffer) => void): Promise<Pair>;
  /** Throws where the server's own account of what it relayed is another than the driver's. */
  audit(relayed: number): Promise<void>;
}

/** What relays a message from one client to one other. */
export interface Subject {
  readonly name: string;
  start(): Promise<RunningSubject>;
}

/** How many requests of one client may be unanswered: the limit of Parley, for all. */
export const maxUnanswered = 64;
