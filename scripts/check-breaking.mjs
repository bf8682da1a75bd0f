// Compares proto/ with the schema of the last release. A release makes that image: buf build -o proto/released.binpb
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const released = 'proto/released.binpb';

if (!existsSync(released)) {
  console.log('no release yet: no schema to break');
  process.exit(0);
}
const buf = spawnSync('buf', ['breaking', '--against', released], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
});
if (buf.status === 0) console.log(`nothing that ${released} has is broken`);
process.exitCode = buf.status ?? 1;
