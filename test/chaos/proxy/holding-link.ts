import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

interface Connection {
  readonly client: Socket;
  readonly server: Socket;
}

/**
 * The network between clients and one server: a port of its own, whose connections pass on everything. What the server says can be held
 * back, and is lost where the link is cut then.
 */
export class HoldingLink {
  readonly #serverPort: number;
  readonly #listener: Server;
  readonly #connections = new Set<Connection>();
  #isHolding = false;

  private constructor(serverPort: number) {
    this.#serverPort = serverPort;
    this.#listener = createServer((client) => this.#accept(client));
  }

  /** To a server on loopback, which may be away at times. */
  static async open(serverPort: number): Promise<HoldingLink> {
    const link = new HoldingLink(serverPort);
    link.#listener.listen(0, '127.0.0.1');
    await once(link.#listener, 'listening');
    return link;
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /** What the server says does not pass any more, until `cut`. It goes on being heard by the server. */
  hold(): void {
    this.#isHolding = true;
    for (const { client, server } of this.#connections) server.unpipe(client).pause();
  }

  /** Ends all connections, with what was held back. Those that come after it pass on everything again. */
  cut(): void {
    this.#isHolding = false;
    for (const { client, server } of this.#connections) {
      server.destroy();
      client.resetAndDestroy();
    }
  }

  async close(): Promise<void> {
    const closed = once(this.#listener, 'close');
    this.#listener.close();
    this.cut();
    await closed;
  }

  #accept(client: Socket): void {
    const server = connect({ port: this.#serverPort, host: '127.0.0.1' });
    const connection = { client, server };
    this.#connections.add(connection);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      // What comes of it is told by 'close'.
      socket.on('error', () => undefined);
    }
    client.on('close', () => {
      this.#connections.delete(connection);
      server.destroy();
    });
    server.on('close', () => {
      if (!this.#isHolding) client.destroy();
    });
    client.pipe(server);
    if (!this.#isHolding) server.pipe(client);
  }
}
