import { execFileSync } from 'node:child_process';

/** What is checked out, `-dirty` where a tracked file differs from it; `unknown` outside of a git checkout. */
export function currentCommit(): string {
  try {
    const args = ['describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'];
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
}
