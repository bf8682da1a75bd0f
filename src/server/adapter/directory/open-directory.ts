import type { Transport } from '@connectrpc/connect';
import { createConnectTransport, Http2SessionManager } from '@connectrpc/connect-node';
import type { Directory } from '../../port/directory.ts';
import type { Log } from '../../port/log.ts';
import { ConnectDirectory } from './connect-directory.ts';
import { HttpDirectory } from './http-directory.ts';

export interface OpenDirectoryOptions {
  /** Where it is: a DirectoryService over Connect, a plain HTTP service, or, by any other kind, this very process. */
  readonly source: { readonly kind: string; readonly url?: string };
  /** How long one call may take, in milliseconds. */
  readonly deadlineMs: number;
  /** To the one in this process. */
  readonly embedded: Transport | undefined;
  readonly log: Log;
}

export interface OpenedDirectory {
  readonly directory: Directory;
  /** It is elsewhere: a call takes its time, and may fail. */
  readonly isRemote: boolean;
  close(): void;
}

/** Makes the client of the Directory that is configured. Throws where that is the one in this process and there is none. */
export function openDirectory({ source, deadlineMs, embedded, log }: OpenDirectoryOptions): OpenedDirectory {
  const { kind, url = '' } = source;
  if (kind === 'http') {
    return {
      directory: new HttpDirectory({ baseUrl: url, deadlineMs, log }),
      isRemote: true,
      close: () => undefined,
    };
  }
  if (kind === 'connect') {
    const sessionManager = new Http2SessionManager(url);
    const transport = createConnectTransport({ baseUrl: url, httpVersion: '2', sessionManager });
    return {
      directory: new ConnectDirectory({ transport, deadlineMs, log }),
      isRemote: true,
      close: () => sessionManager.abort(),
    };
  }
  if (embedded === undefined) throw new Error('a node without a configured Directory needs an embedded one');
  return {
    directory: new ConnectDirectory({ transport: embedded, deadlineMs, log }),
    isRemote: false,
    close: () => undefined,
  };
}
