import { defineConfig } from 'vitest/config';
import { ContractReporter } from './test/reporter/contract-reporter.ts';
import { CoverageReporter } from './test/reporter/coverage-reporter.ts';
import { LogReporter } from './test/reporter/log-reporter.ts';

/** Where to write the results as JSON as well, for a program that counts them. */
const outputFile = process.env['TEST_RESULTS'];

/** These compute, or are processes that do. */
const sideBySide = { maxWorkers: 2 };
/** These wait most of the time. In a group of their own, as all of a group have the same number of workers. */
const waiting = { maxWorkers: 3, sequence: { groupOrder: 1 } };

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Of what comes in its own time on an idle machine: it ends as soon as that has come.
    expect: { poll: { timeout: 5_000 } },
    reporters: [
      'default',
      new CoverageReporter('docs/coverage.md'),
      new ContractReporter(),
      new LogReporter(),
      ...(outputFile ? ['json'] : []),
    ],
    ...(outputFile && { outputFile }),
    projects: [
      { extends: true, test: { name: 'provision', include: ['test/provision/**/*.test.ts'], ...sideBySide } },
      {
        // What they test keeps nothing in its modules, and loading these anew for each file took as long as all of the tests.
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], ...sideBySide, isolate: false },
      },
      { extends: true, test: { name: 'contract', include: ['test/contract/**/*.test.ts'], ...waiting } },
      { extends: true, test: { name: 'protocol', include: ['test/protocol/**/*.test.ts'], ...waiting } },
      {
        // Once more on a log that is slow, goes in batches, and loses answers, as one in another process may.
        extends: true,
        test: {
          name: 'protocol-unsteady',
          include: ['joining', 'leaving', 'metadata', 'relay', 'returning'].map(
            (name) => `test/protocol/${name}.test.ts`,
          ),
          ...waiting,
          env: { UNSTEADY_ROOM_LOG_SEED: process.env['UNSTEADY_ROOM_LOG_SEED'] ?? '1' },
        },
      },
      {
        // Fixtures for others: real servers as processes.
        extends: true,
        test: {
          name: 'redis',
          include: ['test/redis/**/*.test.ts'],
          ...waiting,
          setupFiles: ['test/program/none-left-running.ts'],
          testTimeout: 60_000,
        },
      },
      {
        // Once more with a Redis for each server.
        extends: true,
        test: {
          name: 'protocol-redis',
          include: [
            'joining',
            'leaving',
            'metadata',
            'policy',
            'relay',
            'repeated-requests',
            'returning',
          ].map((name) => `test/protocol/${name}.test.ts`),
          ...waiting,
          env: { TEST_STORE: 'redis' },
        },
      },
      { extends: true, test: { name: 'fuzz', include: ['test/fuzz/**/*.test.ts'], ...sideBySide } },
      {
        extends: true,
        test: { name: 'integration', include: ['test/integration/**/*.test.ts'], ...sideBySide },
      },
      {
        // Nodes, Redis and a load balancer as docker-compose.yml puts them together.
        extends: true,
        test: {
          name: 'several-nodes',
          include: ['test/several-nodes/**/*.test.ts'],
          ...sideBySide,
          setupFiles: ['test/program/none-left-running.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'chaos',
          include: ['test/chaos/**/*.test.ts'],
          // Two runs at once, each of which is several processes: of two files, so that no file waits for its last run.
          ...sideBySide,
          maxConcurrency: 1,
          testTimeout: 180_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          // They have the machine to themselves.
          fileParallelism: false,
          testTimeout: 90_000,
        },
      },
    ],
  },
});
