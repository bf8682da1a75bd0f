import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Cut, CutPlan } from './cut-plan.ts';
import { PipedConnection } from './piped-connection.ts';

export interface CuttingLinkOptions {
  /** Where the server listens, on loopback. */
  readonly serverPort: number;
  readonly plan: Pick<CutPlan, 'next'>;
  readonly onCut: (cut: Cut) => void;
}

/**
 * The network between one client and the server: a port of its own, whose connections are cut as the plan says.
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
    if (this.#state === 'away') {
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    const { serverPort, plan, onCut } = this.#options;
    const connection: PipedConnection = new PipedConnection({
      client,
      server: connect({ port: serverPort, host: '127.0.0.1', allowHalfOpen: true }),
      cut: plan.next(),
      mayCut: () => this.#state === 'cutting',
      onCut,
      onClose: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }
}
