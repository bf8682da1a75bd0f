import { randomInt } from 'node:crypto';
import type { Program } from './program.ts';

const attempts = 20;

/**
 * Below the ports that the system gives to outgoing connections (from 32768 on Linux), so that none of those takes a port
 * while its server is down, and no client that tries to reach it connects to itself.
 */
export function randomPort(): number {
  return randomInt(10_000, 32_768);
}

/** A program that found its port in use, and ended. */
export function foundPortInUse(program: Program): boolean {
  return program.wrote(/address already in use|cannot bind socket/i);
}

/** Starts a program on ports of its own choice until one finds them free. `start` gives undefined where they are not. */
export async function onFreePort<T>(start: () => Promise<T | undefined>): Promise<T> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const started = await start();
    if (started !== undefined) return started;
  }
  throw new Error(`no free port in ${attempts} attempts`);
}
