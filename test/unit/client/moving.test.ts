import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { ClientOptions, WebSocketLike } from '../../../src/client/index.ts';
import { FakeClock } from '../../contract/fake-clock.ts';
import { answered, nextEvent, startSignedIn } from './scripted-client.ts';

const goAway = {
  case: 'goAway' as const,
  value: { afterMs: 2_000, untilMs: 9_000, reason: 'deploy' },
};

/** Every wait is over after that, in milliseconds. */
const waitMs = 100;
const retry = { firstDelayMs: waitMs, maxDelayMs: waitMs };

/** WebSockets that come to nothing while `isClosed`. */
function gate() {
  const door = { isClosed: false, tries: 0, failed: Promise.resolve() };
  class Gated extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(door.isClosed ? 'ws://127.0.0.1:1/ws' : url, protocols);
      door.tries += 1;
      door.failed = new Promise((resolve) => void this.once('close', () => resolve()));
    }
  }
  return { door, WebSocket: Gated };
}

/** A WebSocket of which nothing comes but what the test says. */
class HeldSocket implements WebSocketLike {
  binaryType = '';
  readonly sent: Uint8Array[] = [];
  readonly closes: (number | undefined)[] = [];
  /** Says that it is open. */
  open: () => void = () => undefined;

  addEventListener(type: string, listener: (event: never) => void): void {
    if (type === 'open') this.open = listener as () => void;
  }

  send(data: Uint8Array): void {
    this.sent.push(data);
  }

  close(code?: number): void {
    this.closes.push(code);
  }
}

/** A client that was told to go at once: the server that it has found has not taken it yet. */
async function startMoving(options: Partial<ClientOptions> = {}) {
  const clock = new FakeClock();
  const held: HeldSocket[] = [];
  let isFirst = true;
  const FirstOpens = new Proxy(WebSocket, {
    construct: (RealSocket, [url, protocols]: [string, string[]]) => {
      if (isFirst) {
        isFirst = false;
        return new RealSocket(url, protocols);
      }
      const socket = new HeldSocket();
      held.push(socket);
      return socket;
    },
  });
  const started = await startSignedIn({ clock, WebSocket: FirstOpens, ...options });
  const { client, connection } = started;
  const tellToGo = async () => {
    const told = nextEvent(client, 'go_away');
    connection.control({ ...goAway, value: { ...goAway.value, afterMs: 0 } });
    await told;
    await clock.advance(0);
  };
  await tellToGo();
  const [elsewhere] = held;
  if (elsewhere === undefined) throw new Error('the client has not looked for another server');
  return { ...started, clock, held, elsewhere, tellToGo };
}

/** A client that was told to go at once, and has looked in vain for another server several times. */
async function startLooking() {
  const clock = new FakeClock();
  const { door, WebSocket: Gated } = gate();
  const { server, client, connection } = await startSignedIn({ clock, WebSocket: Gated, retry });
  const states: string[] = [];
  client.on('state', ({ state }) => states.push(state));
  door.isClosed = true;
  const told = nextEvent(client, 'go_away');
  connection.control({ ...goAway, value: { ...goAway.value, afterMs: 0 } });
  await told;
  while (door.tries < 4) {
    await clock.advance(waitMs);
    await door.failed;
  }
  return { clock, door, server, client, connection, states };
}

test('S7: a client that is told to go stays with its server for as long as no other takes it', async () => {
  const { clock, door, server, client, connection, states } = await startLooking();
  const joining = client.join('room-1', { peerId: 'p' });
  const { id } = await connection.expect('joinRoom');
  connection.reply(id, { case: 'roomJoined', value: { room: { roomId: 'room-1', ownPeerId: 'p' } } });
  await joining;
  expect(states).toEqual([]);
  door.isClosed = false;
  await clock.advance(waitMs);
  const elsewhere = await server.connection();
  expect((await elsewhere.expect('hello')).value.resume?.sessionId).toBe('session-1');
  const resumed = nextEvent(client, 'resumed');
  elsewhere.welcome({ resumed: true });
  await resumed;
  expect(states).toEqual(['reconnecting', 'connected']);
  expect(await connection.closed()).toBe(4200);
});

test('S7: what comes before the other connection is open is known to its Hello', async () => {
  const clock = new FakeClock();
  const { server, client, connection } = await startSignedIn({ clock });
  const heard: bigint[] = [];
  client.on('event', ({ body }) => {
    if (body.case === 'notification') heard.push(body.value.id);
  });
  const notification = (offset: number) => ({
    stream: '',
    epoch: 7,
    offset,
    previous: offset - 1,
    previousToAll: offset - 1,
    body: { case: 'notification' as const, value: { id: BigInt(offset) } },
  });
  const first = nextEvent(client, 'event');
  connection.event(notification(20));
  await first;
  const told = nextEvent(client, 'go_away');
  connection.control({ ...goAway, value: { ...goAway.value, afterMs: 0 } });
  await told;
  const elsewhere = server.connection();
  await clock.advance(0);
  const moved = await elsewhere;
  const { value } = await moved.expect('hello');
  const positions = value.resume?.positions ?? [];
  // The old connection may still bring what its server had sent, which the new one brings, too.
  connection.event(notification(21));
  moved.welcome({ resumed: true });
  const last = nextEvent(client, 'event');
  moved.events(notification(20), notification(21));
  await last;
  expect(positions).toMatchObject([{ stream: '', epoch: 7, offset: 20 }]);
  expect(heard).toEqual([20n, 21n]);
});

test('a client whose server has closed before it found another comes back as after any loss', async () => {
  const { clock, door, server, client, connection, states } = await startLooking();
  const { tries } = door;
  door.isClosed = false;
  const lost = nextEvent(client, 'state');
  connection.close(4200);
  await lost;
  const resumed = nextEvent(client, 'resumed');
  const again = server.signedIn({ resumed: true });
  await clock.advance(waitMs);
  expect(await resumed).toEqual({ recovered: true });
  await again;
  // The one that it went back to: it looks for no other any more.
  await clock.advance(waitMs);
  expect(door.tries).toBe(tries + 1);
  expect(states).toEqual(['reconnecting', 'connected']);
});

test('a client that is closed while it looks for another server leaves no socket and no timer', async () => {
  const { clock, server, client, connection } = await startLooking();
  await answered(connection, client.close());
  await connection.closed();
  expect(clock.pending).toBe(0);
  expect(server.openSockets).toBe(0);
});

test('S7: a client that is closed just as another server would take it signs out of the one that it has', async () => {
  const { client, connection, held, elsewhere, tellToGo } = await startMoving();
  const closing = client.close();
  const { id } = await connection.expect('signOut');
  elsewhere.open();
  expect(elsewhere.sent).toEqual([]);
  await tellToGo();
  expect(held).toHaveLength(1);
  expect(client.state).toBe('connected');
  connection.acknowledge(id);
  await closing;
  expect(elsewhere.closes).toEqual([1000]);
});

test('S7: a server that was long in taking a client has the whole time for its welcome', async () => {
  const { clock, elsewhere } = await startMoving({ connectTimeoutMs: 1_000 });
  await clock.advance(900);
  elsewhere.open();
  expect(elsewhere.sent).toHaveLength(1);
  await clock.advance(999);
  expect(elsewhere.closes).toEqual([]);
  await clock.advance(1);
  expect(elsewhere.closes).toEqual([4000]);
});

test('of two that ask it to go, the last is heeded', async () => {
  const clock = new FakeClock();
  const { door, WebSocket: Gated } = gate();
  const { server, client, connection } = await startSignedIn({ clock, WebSocket: Gated });
  for (const afterMs of [1_000, 3_000]) {
    const told = nextEvent(client, 'go_away');
    connection.control({ ...goAway, value: { ...goAway.value, afterMs } });
    await told;
  }
  await clock.advance(2_999);
  expect(door.tries).toBe(1);
  await clock.advance(1);
  await (await server.connection()).expect('hello');
});
