// npm run dev: the server from source, started again at each change, and the pages, built again at each change.
// Both end at Ctrl-C or SIGTERM.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { build } from 'vite';

// As it was given: vite's build sets NODE_ENV, by which the server would take itself for one in production.
const env = { ...process.env };
const stopWithinMs = 10_000;
const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]).then(() => 'stopped');

// The server serves the folder that the first build makes, so it starts after it.
const pages = await build({ mode: 'development', build: { watch: {}, minify: false, sourcemap: true } });
if ((await Promise.race([firstBuild(pages), stopped])) !== 'stopped') await runServer();
await pages.close();

function firstBuild(watcher) {
  return new Promise((resolve) => {
    watcher.on('event', async (event) => {
      if (event.code === 'BUNDLE_END' || event.code === 'ERROR') await event.result?.close();
      if (event.code === 'END' || event.code === 'ERROR') resolve('built');
    });
  });
}

/** Until a signal stops it. In a process group of its own, so that Ctrl-C reaches this process alone. */
async function runServer() {
  const watch = ['--watch', '--watch-preserve-output', '--enable-source-maps', 'src/start.ts'];
  const server = spawn(process.execPath, watch, { detached: true, stdio: 'inherit', env });
  const ended = once(server, 'exit');
  await Promise.race([stopped, ended]);
  server.kill('SIGTERM');
  const hurry = setTimeout(() => process.kill(-server.pid, 'SIGKILL'), stopWithinMs);
  await ended;
  clearTimeout(hurry);
}
