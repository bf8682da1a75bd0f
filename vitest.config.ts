import { defineConfig } from 'vitest/config';
import { ContractReporter } from './test/reporter/contract-reporter.ts';
import { CoverageReporter } from './test/reporter/coverage-reporter.ts';
import { LogReporter } from './test/reporter/log-reporter.ts';

/** Where to write the results as JSON as well, for a program that counts them. */
const outputFile = process.env['TEST_RESULTS'];

/** Most of these wait most of the time. */
const sideBySide = { maxWorkers: 2 };
/** These have the machine to themselves: processes, browsers, a good deal of load. */
const oneByOne = { fileParallelism: false };

export default defineConfig({
  test: {
    testTimeout: 15_000,
    hookTimeout: 60_000,
    reporters: [
      'default',
      new CoverageReporter('docs/coverage.md'),
      new ContractReporter(),
      new LogReporter(),
      ...(outputFile ? ['json'] : []),
    ],
    ...(outputFile && { outputFile }),
    projects: [
      { extends: true, test: { name: 'provision', include: ['test/provision/**/*.test.ts'], ...oneByOne } },
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'], ...sideBySide } },
      { extends: true, test: { name: 'contract', include: ['test/contract/**/*.test.ts'], ...sideBySide } },
      { extends: true, test: { name: 'protocol', include: ['test/protocol/**/*.test.ts'], ...sideBySide } },
      {
        // Once more on a log that is slow, goes in batches, and loses answers, as one in another process may.
        extends: true,
        test: {
          name: 'protocol-unsteady',
          include: ['joining', 'leaving', 'metadata', 'relay', 'returning'].map(
            (name) => `test/protocol/${name}.test.ts`,
          ),
          ...sideBySide,
          env: { UNSTEADY_ROOM_LOG_SEED: process.env['UNSTEADY_ROOM_LOG_SEED'] ?? '1' },
        },
      },
      {
        // Fixtures for others: real servers as processes.
        extends: true,
        test: {
          name: 'redis',
          include: ['test/redis/**/*.test.ts'],
          ...oneByOne,
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
          ...sideBySide,
          env: { TEST_STORE: 'redis' },
        },
      },
      { extends: true, test: { name: 'fuzz', include: ['test/fuzz/**/*.test.ts'], ...sideBySide } },
      {
        extends: true,
        test: { name: 'integration', include: ['test/integration/**/*.test.ts'], ...oneByOne },
      },
      {
        // Nodes, Redis and a load balancer as docker-compose.yml puts them together.
        extends: true,
        test: {
          name: 'several-nodes',
          include: ['test/several-nodes/**/*.test.ts'],
          ...oneByOne,
          setupFiles: ['test/program/none-left-running.ts'],
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'chaos',
          include: ['test/chaos/**/*.test.ts'],
          ...oneByOne,
          // Each is several processes.
          maxConcurrency: 2,
          testTimeout: 180_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          ...oneByOne,
          testTimeout: 90_000,
        },
      },
    ],
  },
});
