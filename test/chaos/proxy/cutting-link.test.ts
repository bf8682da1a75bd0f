import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Random } from '../../seeded-run/random.ts';
import { type Cut, type CutKind, CutPlan, cutKinds, handshakeBytes } from './cut-plan.ts';
import { CuttingLink } from './cutting-link.ts';

/** A server, a link to it that cuts after 1,000 bytes, and a connection through it: both ends. */
async function connectThrough(kind: CutKind, direction: Cut['direction']) {
  const listener = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const cuts: Cut[] = [];
  const link = await CuttingLink.open({
    serverPort: () => (listener.address() as AddressInfo).port,
    plan: { next: () => ({ kind, direction, afterBytes: 1_000, lingerMs: 20 }) },
    onCut: (cut) => cuts.push(cut),
  });
  onTestFinished(async () => {
    listener.close();
    await link.close();
  });
  const accepted = once(listener, 'connection') as Promise<[Socket]>;
  const client = connect({ port: link.port, host: '127.0.0.1', allowHalfOpen: true });
  const [server] = await accepted;
  for (const socket of [client, server]) socket.on('error', () => undefined);
  return { link, client, server, cuts };
}

/** How many bytes come until the socket is gone, whichever way. */
async function received(socket: Socket): Promise<number> {
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  socket.on('end', () => socket.end());
  await new Promise((resolve) => socket.once('close', resolve));
  return bytes;
}

test.for(cutKinds.filter((kind) => kind !== 'late' && kind !== 'half'))(
  'a cut of the kind %s ends both sides, and lets through no more than its bytes',
  async (kind) => {
    const { link, client, server, cuts } = await connectThrough(kind, 'up');
    link.startCutting();
    const both = Promise.all([received(server), received(client)]);
    client.write(Buffer.alloc(600));
    client.write(Buffer.alloc(600));
    const [arrived] = await both;
    expect(arrived).toBeLessThanOrEqual(1_000);
    expect(cuts).toHaveLength(1);
  },
);

test('a cut in the other direction ends at its byte, too', async () => {
  const { link, client, server } = await connectThrough('both', 'down');
  link.startCutting();
  const arrived = received(client);
  server.write(Buffer.alloc(5_000));
  expect(await arrived).toBe(1_000);
});

test('of a late cut the rest reaches the server when the client is gone', async () => {
  const { link, client, server } = await connectThrough('late', 'up');
  link.startCutting();
  const both = Promise.all([received(server), received(client)]);
  client.write(Buffer.alloc(1_500));
  expect(await both).toEqual([1_500, 0]);
});

test('after half a cut the other direction goes on for a while', async () => {
  const { link, client, server } = await connectThrough('half', 'up');
  link.startCutting();
  const all = received(client);
  client.write(Buffer.alloc(1_000));
  server.resume();
  await once(server, 'end');
  server.write(Buffer.alloc(300));
  expect(await all).toBe(300);
});

test('a link that is whole cuts nothing, and one that keeps away lets nobody in', async () => {
  const { link, client, server, cuts } = await connectThrough('both', 'up');
  const all = received(server);
  client.end(Buffer.alloc(4_000));
  expect(await all).toBe(4_000);
  expect(cuts).toEqual([]);
  link.keepAway();
  const late = connect({ port: link.port, host: '127.0.0.1' }).on('error', () => undefined);
  expect(await received(late)).toBe(0);
});

test('the same seed plans the same cuts, and no two in a row fall into the handshake', () => {
  const cutsOf = (seed: number) => {
    const plan = new CutPlan(new Random(seed, 1), 30_000);
    return Array.from({ length: 300 }, () => plan.next());
  };
  expect(cutsOf(5)).toEqual(cutsOf(5));
  expect(cutsOf(5)).not.toEqual(cutsOf(6));
  const early = cutsOf(5).map(({ afterBytes }) => afterBytes < handshakeBytes);
  expect(early).toContain(true);
  expect(early.some((isEarly, index) => isEarly && early[index + 1] === true)).toBe(false);
});
