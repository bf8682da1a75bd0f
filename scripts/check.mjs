// Runs every `check:…` script of package.json, two at a time: one line each, and the output of those that failed.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

const atOnce = 2;
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
const waiting = Object.keys(scripts).filter((name) => name.startsWith('check:'));
const started = performance.now();
const failed = [];

await Promise.all(Array.from({ length: atOnce }, runThoseWaiting));

for (const { name, output } of failed) console.log(`\n── npm run ${name}\n${output.trim()}`);
console.log(
  failed.length === 0 ? `\nall clean, ${since(started)}` : `\n${failed.length} failed, ${since(started)}`,
);
process.exit(failed.length === 0 ? 0 : 1);

async function runThoseWaiting() {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const start = performance.now();
    const { passed, output } = await run(name);
    const said = passed ? lastLine(output) : '';
    console.log(
      `${passed ? 'ok    ' : 'failed'} ${name.padEnd(17)} ${since(start).padStart(7)}  ${said}`.trimEnd(),
    );
    if (!passed) failed.push({ name, output });
  }
}

function run(name) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--run', name], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (output += data));
    child.on('close', (code) => resolve({ passed: code === 0, output }));
  });
}

function lastLine(output) {
  const line = output.trim().split('\n').at(-1) ?? '';
  return line.length <= 110 ? line : '';
}

function since(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}
