import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Cut, CutPlan } from './cut-plan.ts';
import { PipedConnection } from './piped-connection.ts';

export interface CuttingLinkOptions {
  /** Where a server listens, on loopback; asked for each connection. Undefined: none does. */
  readonly serverPort: () => number | undefined;
  readonly plan: Pick<CutPlan, 'next'>;
  readonly onCut: (cut: Cut) => void;
}

/**
 * The network between one client and the servers: a port of its own, whose connections are cut as the plan says.
 *
 * - `whole`: everything passes
 * - `cutting`: each connection ends at its planned byte
 * - `away`: nothing passes, and no connection is made
 */
export class CuttingLink {
  readonly #options: CuttingLinkOptions;
  readonly #listener: Server;
  readonly #connections = new Set<PipedConnection>();
  #state: 'whole' | 'cutting' | 'away' = 'whole';
  #lastServerPort = 0;

  private constructor(options: CuttingLinkOptions) {
    this.#options = options;
    this.#listener = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  }

  static async open(options: CuttingLinkOptions): Promise<CuttingLink> {
    const link = new CuttingLink(options);
    link.#listener.listen(0, '127.0.0.1');
    await once(link.#listener, 'listening');
    return link;
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /** Where the last connection went. */
  get lastServerPort(): number {
    return this.#lastServerPort;
  }

  startCutting(): void {
    this.#state = 'cutting';
  }

  /** Everything passes from now on. Cuts that have begun are finished. */
  mend(): void {
    this.#state = 'whole';
  }

  /** Cuts the client off until `mend`. */
  keepAway(): void {
    this.#state = 'away';
    for (const connection of this.#connections) connection.destroy();
  }

  async close(): Promise<void> {
    this.keepAway();
    const closed = once(this.#listener, 'close');
    this.#listener.close();
    await closed;
  }

  #accept(client: Socket): void {
    const { plan, onCut } = this.#options;
    const port = this.#state === 'away' ? undefined : this.#options.serverPort();
    if (port === undefined) {
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    this.#lastServerPort = port;
    const connection: PipedConnection = new PipedConnection({
      client,
      server: connect({ port, host: '127.0.0.1', allowHalfOpen: true }),
      cut: plan.next(),
      mayCut: () => this.#state === 'cutting',
      onCut,
      onClose: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }
}
