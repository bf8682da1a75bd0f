import { type AddressInfo, createServer } from 'node:net';
import { fromJsonString } from '@bufbuild/protobuf';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { EventSchema } from '../../../gen/parley/signal/v1/frame_pb.ts';
import { ParleyClient, type Room } from '../../../src/client/index.ts';
import type { SessionTokenRequest } from '../../../src/process/token-issuer.ts';
import { RecordingIssuer } from '../../reporter/recording-issuer.ts';
import { temporaryFolder } from '../process/temporary-folder.ts';
import { runCli, startCli } from './run-cli.ts';
import { type RunningServer, startServer } from './run-server.ts';

// Each starts programs of its own, which takes time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const secret = 'a secret of more than thirty-two bytes';
const env = { JWT_SECRET: secret };
const issuer = new RecordingIssuer({ secret });

let server: RunningServer;
beforeAll(async () => {
  server = await startServer(env);
});
afterAll(() => server.stop());

let roomCount = 0;
/** A room for one test. */
function newRoomId(): string {
  roomCount += 1;
  return `room-${roomCount}`;
}

/** Ada, by the SDK, in the room. */
async function adaIn(roomId: string, rooms?: SessionTokenRequest['rooms']): Promise<Room> {
  const token = await issuer.sessionToken({ userId: 'ada', displayName: 'Ada', rooms, expiresInS: 60 });
  const client = new ParleyClient({ url: server.url, token });
  onTestFinished(() => client.close());
  await client.connect();
  return client.join(roomId);
}

/** The other member of a room of two. */
function otherIn(room: Room): string {
  const other = [...room.peers.keys()].find((peerId) => peerId !== room.ownPeerId);
  if (other === undefined) throw new Error('nobody else is in the room');
  return other;
}

test('parley join shows who is in the room, what happens there, and leaves it at Ctrl-C', async () => {
  const roomId = newRoomId();
  const cli = startCli(['join', roomId, '--name', 'Grace', '--url', server.url], env);
  await cli.shows(
    / room +room-\d+ +p2p +made by this join\n.* you +Grace \(cli-[0-9a-f]{8}\) {2}[0-9a-f]{8} {2}may /,
  );

  const room = await adaIn(roomId);
  const grace = otherIn(room);
  await cli.shows(/ joined +Ada \(ada\) {2}[0-9a-f]{8} {2}may publish/);
  await room.updateAttributes({ mic: 'off' });
  await cli.shows(/ changed +Ada \(ada\) {2}mic=off\n/);
  await room.sendOffer(grace, { sdp: 'v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n' });
  await cli.shows(/ offer +Ada \(ada\) {2}audio {2}38 bytes\n/);
  const candidates = [{ candidate: 'candidate:1 1 udp 1 192.0.2.7 50000 typ host' }];
  await room.sendCandidates(grace, { candidates, endOfCandidates: true });
  await cli.shows(/ candidates +Ada \(ada\) {2}host udp, no more\n/);

  const left = new Promise((resolve) => room.on('peer_left', resolve));
  cli.child.kill('SIGINT');
  expect(await left).toMatchObject({ peer: { peerId: grace, displayName: 'Grace' }, reason: 'left' });
  const { code, stderr, stdout } = await cli.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).not.toContain('\u001b');
  expect(stdout).not.toContain('192.0.2.7');
  expect(stdout.trimEnd()).toMatch(/ left +room-\d+ {2}as asked$/);
  for (const line of stdout.trimEnd().split('\n'))
    expect(line).toMatch(/^\d\d:\d\d:\d\d {2}[a-z]{2,12}( +\S.*)?$/);
});

test('with --json each event is one ProtoJSON object a line, and nothing else is on standard output', async () => {
  const roomId = newRoomId();
  const room = await adaIn(roomId);
  const cli = startCli(['join', roomId, '--json', '--url', server.url], env);
  await cli.shows(/^you: /m);
  await room.updateAttributes({ mic: 'on' });
  await room.sendSignal(otherIn(room), { type: 'wave', data: new Uint8Array([1, 2, 3]) });
  await cli.shows(/wave/);
  await room.leave();
  await cli.shows(/peerLeft/);
  cli.child.kill('SIGTERM');

  const { code, stdout } = await cli.ended;
  expect(code).toBe(0);
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => fromJsonString(EventSchema, line));
  const seen = events.map(({ body }) => body.case);
  expect(seen.filter((name) => name !== 'peerJoined')).toEqual(['peerUpdated', 'relay', 'peerLeft']);
  expect(events.every(({ stream }) => stream === roomId)).toBe(true);
});

test('who is put out of the room is told why, and the exit code says so', async () => {
  const roomId = newRoomId();
  const cli = startCli(['join', roomId, '--url', server.url], env);
  await cli.shows(/ you /);
  const host = { publish: true, subscribe: true, chat: true, relay: true, host: true };
  const room = await adaIn(roomId, { [roomId]: host });
  await room.kick(otherIn(room));
  const { code, stderr } = await cli.ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/^parley: out of the room: kicked/);
});

test('where no server is, the address is named and how to start one', async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const url = `ws://127.0.0.1:${port}/ws`;
  const { code, stdout, stderr } = await runCli(['join', 'daily', '--url', url], env);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(`no server answers at ${url}. Start one with: npm start.`);
});

test('a token that the server refuses is said in words, with advice where it was signed here', async () => {
  const dataDir = await temporaryFolder();
  const own = await runCli(['join', 'daily', '--url', server.url], { DATA_DIR: dataDir });
  expect(own.code).toBe(1);
  expect(own.stderr).toMatch(/signature does not fit.*other keys than this folder: give a token by --token/);
  const given = await runCli(['join', 'daily', '--url', server.url, '--token', 'x.y.z']);
  expect(given.code).toBe(1);
  expect(given.stderr).toMatch(/not a signed JWT.*TOKEN_INVALID/);
  expect(given.stderr).not.toContain('    at ');
});

test('arguments that are wrong are refused before anything is asked of a server', async () => {
  expect((await runCli(['join', 'a room'], env)).stderr).toMatch(/1 to 128 characters/);
  expect((await runCli(['join', 'daily', '--url', 'http://localhost'], env)).stderr).toMatch(
    /a WebSocket address/,
  );
  expect((await runCli(['join'], env)).stderr).toMatch(/missing required argument 'room'/);
});
