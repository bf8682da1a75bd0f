import { type ServerProcess, startServerProcess } from '../test/server-process/server-process.ts';
import { startCommand } from '../test/server-process/start-command.ts';

/** Another server than Parley, as a process with the flags for `node` and the environment that Parley has. */
export function startPeerServer(program: string, ...args: readonly string[]): Promise<ServerProcess> {
  return startServerProcess([...startCommand.flags, `bench/${program}`, ...args], { NODE_ENV: 'production' });
}
