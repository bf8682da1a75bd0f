import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRouterTransport } from '@connectrpc/connect';
import { expect, onTestFinished, test } from 'vitest';
import { DirectoryService } from '../../../../../gen/parley/directory/v1/directory_pb.ts';
import { ConnectDirectory } from '../../../../../src/server/adapter/directory/connect-directory.ts';
import { HttpDirectory } from '../../../../../src/server/adapter/directory/http-directory.ts';
import type { Directory } from '../../../../../src/server/port/directory.ts';
import type { LogFields } from '../../../../../src/server/port/log.ts';
import { ErrorCode } from '../../../../../src/shared/signal-error.ts';

type Metadata = Readonly<Record<string, string>>;

const deadlineMs = 5_000;
const many = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`k${index}`, 'v']));
const warnings: unknown[] = [];
const log = { warn: (event: string, fields?: LogFields) => void warnings.push({ event, ...fields }) };

function overConnect(metadata: Metadata): Promise<Directory> {
  const transport = createRouterTransport((router) => {
    router.service(DirectoryService, { getRoom: ({ roomId }) => ({ room: { roomId, metadata } }) });
  });
  return Promise.resolve(new ConnectDirectory({ transport, deadlineMs, log }));
}

async function overHttp(metadata: Metadata): Promise<Directory> {
  const server = createServer((_, response) => response.end(JSON.stringify({ id: 'daily', metadata })));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return new HttpDirectory({ baseUrl, deadlineMs, log });
}

test.each([
  ['over Connect', overConnect],
  ['over plain HTTP', overHttp],
] as const)(
  'R4: a record %s whose metadata is past a bound is DIRECTORY_UNAVAILABLE, and the log says why',
  async (_, make) => {
    for (const [metadata, fault] of [
      [many, 'has 65 entries, the limit is 64'],
      [{ text: 'x'.repeat(16_381) }, 'is 16385 bytes, the limit is 16384'],
      [{ '': 'x' }, 'has an entry without a name'],
    ] as const) {
      warnings.length = 0;
      const directory = await make(metadata);
      await expect(directory.getRoom('daily')).rejects.toMatchObject({
        code: ErrorCode.DIRECTORY_UNAVAILABLE,
        message: 'the Directory can not be asked for the moment',
      });
      expect(warnings).toEqual([
        { event: 'directory.record_refused', room: 'daily', reason: `metadata ${fault}` },
      ]);
    }
  },
);

test.each([
  ['over Connect', overConnect],
  ['over plain HTTP', overHttp],
] as const)('R4: a record %s whose metadata is at the bounds is taken', async (_, make) => {
  const metadata = { text: 'x'.repeat(16_380) };
  expect(await (await make(metadata)).getRoom('daily')).toMatchObject({ metadata });
});
