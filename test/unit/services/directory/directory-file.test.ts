import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, createRouterTransport } from '@connectrpc/connect';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DirectoryService, RoomAccess } from '../../../../gen/parley/directory/v1/directory_pb.ts';
import { RoomMode } from '../../../../gen/parley/signal/v1/room_pb.ts';
import { ConfigError } from '../../../../src/process/config-error.ts';
import { DirectoryFile } from '../../../../src/services/directory/directory-file.ts';
import { directoryRoutes } from '../../../../src/services/directory/directory-service.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';

interface Line {
  readonly event: string;
  readonly fields: Readonly<Record<string, string | number>>;
}

const reloadIntervalMs = 1_000;
let folder: string;
let path: string;
let clock: FakeClock;
let lines: Line[];
let onLine: () => void;
let opened: DirectoryFile[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'directory-file-'));
  path = join(folder, 'directory.json');
  clock = new FakeClock();
  lines = [];
  opened = [];
  onLine = () => undefined;
});

afterEach(async () => {
  for (const file of opened) file.close();
  expect(clock.pending).toBe(0);
  await rm(folder, { recursive: true });
});

const note = (event: string, fields: Line['fields']) => {
  lines.push({ event, fields });
  onLine();
};
const log = { info: note, warn: note, user: (userId: string) => `hash-of-${userId.length}` };

async function open(content?: unknown): Promise<DirectoryFile> {
  if (content !== undefined) await writeFile(path, JSON.stringify(content));
  const file = await DirectoryFile.open({ path, reloadIntervalMs, clock, log });
  opened.push(file);
  return file;
}

/** Lets the next look at the file happen, and waits for what it logs. */
async function look(): Promise<Line | undefined> {
  const written = new Promise<void>((resolve) => (onLine = resolve));
  await clock.advance(reloadIntervalMs);
  await written;
  return lines.at(-1);
}

/** Lets the next look at the file happen where it has nothing to say: waits until another is due. */
async function quietLook(): Promise<void> {
  await clock.advance(reloadIntervalMs);
  while (clock.pending === 0) await new Promise(setImmediate);
}

async function problemsOf(content: string): Promise<string[]> {
  await writeFile(path, content);
  const thrown: unknown = await DirectoryFile.open({ path, reloadIntervalMs, clock, log }).catch(
    (error: unknown) => error,
  );
  if (!(thrown instanceof ConfigError)) throw new Error('the file was taken');
  return thrown.problems.map(({ name, wrong }) => {
    expect(name).toBe('DIRECTORY_FILE');
    expect(wrong.startsWith(`${path}: `)).toBe(true);
    return wrong.slice(`${path}: `.length);
  });
}

test('R2: the documented example answers as it is documented', async () => {
  path = join(import.meta.dirname, '../../../../docs/directory.example.json');
  const client = createClient(DirectoryService, createRouterTransport(directoryRoutes(await open())));

  const standup = (await client.getRoom({ roomId: 'standup' })).room;
  expect(standup).toMatchObject({ roomId: 'standup', mode: RoomMode.SFU, metadata: { title: 'Stand-up' } });
  expect(standup?.policy).toMatchObject({ access: RoomAccess.ASK, capacity: 20, p2pFallback: true });
  const lobby = (await client.getRoom({ roomId: 'lobby' })).room;
  expect(lobby).toMatchObject({
    mode: RoomMode.P2P,
    policy: { access: RoomAccess.OPEN, createOnJoin: true },
  });
  const all = { publish: true, subscribe: true, chat: true, relay: true, host: false };
  expect(lobby?.policy?.permissions).toMatchObject(all);

  const enter = (roomId: string, userId: string) => client.authorizeJoin({ roomId, userId });
  expect(await enter('standup', 'ann')).toMatchObject({ allowed: true, permissions: { host: true } });
  const bob = await enter('standup', 'bob');
  expect([bob.allowed, bob.permissions]).toEqual([true, undefined]);
  const eve = { allowed: false, reason: 'This room is for the team.' };
  expect(await enter('standup', 'eve')).toMatchObject(eve);
  const listener = { allowed: true, permissions: { publish: false, subscribe: true, chat: true } };
  expect(await enter('lecture', 'eve')).toMatchObject(listener);
  expect(await enter('lecture', 'ann')).toMatchObject({ permissions: { host: true } });
  expect(await enter('lobby', 'eve')).toMatchObject({ allowed: true });
  expect(await enter('consultation', 'eve')).toMatchObject({ allowed: false });
  expect(await enter('nowhere', 'ann')).toMatchObject({ allowed: false, reason: 'There is no such room.' });

  const { users } = await client.getUsers({ userIds: ['bob', 'eve', 'ann'] });
  expect(users.map((user) => user.displayName)).toEqual(['Bob', 'Ann']);
  expect((await client.listContacts({ userId: 'ann' })).userIds).toEqual(['bob']);
  expect((await client.listContacts({ userId: 'eve' })).userIds).toEqual([]);
  await expect(client.getRoom({ roomId: 'nowhere' })).rejects.toThrow(/not_found/);
});

test('names that objects have by themselves are no rooms, users or contacts', async () => {
  const file = await open({ rooms: { x: { allow: {} } } });
  for (const name of ['__proto__', 'constructor', 'toString']) {
    expect(file.room(name)).toBeUndefined();
    expect(file.user(name)).toBeUndefined();
    expect(file.contacts(name)).toEqual([]);
    expect(file.authorizeJoin('x', name).allowed).toBe(false);
  }
});

test('every problem of a file is named at once, with its path', async () => {
  const problems = await problemsOf(
    JSON.stringify({
      rooms: {
        'a b': {},
        x: { capacity: -1, mode: 'mesh', limit: 3, access: 'ask' },
        y: { access: 'open', allow: { 'bad id': {}, '*': { permissions: ['fly'] } } },
        'y.z': { metadata: { text: 'x'.repeat(16_384) } },
      },
      users: { ann: { avatarUrl: 'javascript:alert(1)' } },
      contacts: { ann: ['bob', ''] },
      groups: {},
    }),
  );
  expect(problems).toEqual([
    'rooms["a b"]: must be an id: 1 to 128 of A-Z a-z 0-9 . _ ~ -',
    expect.stringContaining('rooms.x.mode: '),
    expect.stringContaining('rooms.x.capacity: '),
    expect.stringContaining('rooms.x: Unrecognized key: "limit"'),
    'rooms.x.allow: must be there where access is "ask"',
    expect.stringContaining('rooms.y.allow["bad id"]: must be an id'),
    expect.stringContaining('rooms.y.allow["*"].permissions[0]: '),
    'rooms.y.access: must be "ask" where there is a list "allow"',
    'rooms["y.z"].metadata: is 16388 bytes, the limit is 16384',
    'users.ann.avatarUrl: must be an http or https URL',
    expect.stringContaining('contacts.ann[1]: must be an id'),
    expect.stringContaining('Unrecognized key: "groups"'),
  ]);
});

test('a file that is no JSON is refused without a word of what stands in it', async () => {
  expect(await problemsOf('{ "users":\n  secret }')).toEqual(['is not JSON']);
  expect(await problemsOf('{\n  secret }')).toEqual(['is not JSON at line 2 column 3']);
  expect(await problemsOf('')).toEqual(['is not JSON']);
  expect(await problemsOf('[]')).toEqual([expect.stringContaining('expected object')]);
});

test('a file that is not there is refused', async () => {
  await expect(open()).rejects.toThrow(/can't be read: ENOENT/);
});

test('R2: a changed file takes effect, whether written in place or put in its place', async () => {
  const file = await open({ rooms: { one: {} } });
  expect(file.room('two')).toBeUndefined();

  await writeFile(path, JSON.stringify({ rooms: { two: {}, three: {} } }));
  expect(await look()).toEqual({ event: 'directory.file_reloaded', fields: { rooms: 2 } });
  expect([file.room('one'), file.room('two')?.roomId]).toEqual([undefined, 'two']);

  await writeFile(join(folder, 'next'), JSON.stringify({ rooms: { four: {} } }));
  await rename(join(folder, 'next'), path);
  expect(await look()).toEqual({ event: 'directory.file_reloaded', fields: { rooms: 1 } });
  expect(file.room('four')?.roomId).toBe('four');
});

test('a file that does not change is not read again', async () => {
  await open({ rooms: { one: {} } });
  for (let looks = 0; looks < 3; looks++) await quietLook();
  expect(lines).toEqual([]);
});

test('X5: a broken new version is logged once, without user ids, and the old one stays', async () => {
  const file = await open({ rooms: { one: { allow: { ann: {} } } } });
  await writeFile(path, '{"users":{"eve-maria":{"a":1}},"rooms":{"one":{"allow":{"eve-maria":3}}}}');
  const line = await look();
  expect(line?.event).toBe('directory.file_refused');
  expect(line?.fields['problemCount']).toBe(2);
  expect(line?.fields['problems']).toContain('rooms.one.allow["hash-of-9"]: ');
  expect(line?.fields['problems']).toContain('users["hash-of-9"]: ');
  expect(JSON.stringify(line)).not.toContain('eve-maria');
  await quietLook();
  expect(lines).toHaveLength(1);
  expect(file.authorizeJoin('one', 'ann')).toEqual({ allowed: true });

  await writeFile(path, '{"rooms":{"two":{}}}');
  expect((await look())?.event).toBe('directory.file_reloaded');
  expect(file.room('two')).toBeDefined();
});

test('a file that goes away is logged once, and the old version stays until it is back', async () => {
  const file = await open({ rooms: { one: {} } });
  const content = await readFile(path, 'utf8');
  await rm(path);
  expect((await look())?.fields['problems']).toBe("can't be read: ENOENT");
  await quietLook();
  expect(file.room('one')).toBeDefined();
  await writeFile(path, content.replace('one', 'new'));
  expect((await look())?.event).toBe('directory.file_reloaded');
  expect(file.room('new')).toBeDefined();
});

test('a closed file is not looked at any more, also when closed during a look', async () => {
  const file = await open({ rooms: { one: {} } });
  await writeFile(path, JSON.stringify({ rooms: { two: {}, three: {} } }));
  const advanced = clock.advance(reloadIntervalMs);
  file.close();
  await advanced;
  await readFile(path);
  expect(clock.pending).toBe(0);
});
