/** Two clients: what one sends, the servers relay to the other. */
export interface Pair {
  /** Sends the text of a message. */
  send(text: string): void;
  /** Requests that the server has not answered yet, where it answers; a pair with too many has to wait. */
  readonly unanswered: number;
  close(): void;
}

/** Servers that run and are loaded. `Part`: whose CPU time is told apart. */
export interface RunningSubject<Part extends string> {
  /** The CPU time that each part has used so far, in microseconds. */
  cpuTimeUs(): Promise<Readonly<Record<Part, number>>>;
  /** Connects a pair; `received` gets the bytes of each message that arrives, the text somewhere in them. */
  connect(index: number, received: (bytes: Buffer) => void): Promise<Pair>;
  /** Throws where the servers' own account of what they relayed is another than the driver's. */
  audit(relayed: number): Promise<void>;
  stop(): Promise<void>;
}

/** What relays a message from one client to one other. */
export interface Subject<Part extends string> {
  readonly name: string;
  start(): Promise<RunningSubject<Part>>;
}

/** How many requests of one client may be unanswered: the limit of Parley, for all. */
export const maxUnanswered = 64;

/** How many pairs a subject may be asked to connect. */
export const maxPairs = 1_000;
