import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { clusterFigures } from './cluster/cluster-count.ts';
import { failoverFigures } from './failover/failover-count.ts';
import { cutKinds } from './proxy/cut-plan.ts';
import { faults } from './report/broken-promises.ts';
import { promised } from './report/promised.ts';
import { Tally } from './report/tally.ts';
import { sabotageRules } from './sabotage/rules.ts';
import { redisCluster } from './scenarios/redis-cluster.ts';
import { redisFailover } from './scenarios/redis-failover.ts';
import { slowReader } from './scenarios/slow-reader.ts';
import { socketDropOneNode } from './scenarios/socket-drop-one-node.ts';
import { spike, waves } from './scenarios/spike.ts';
import { slowReaderFigures } from './slow-reader/slow-reader-report.ts';

const document = readFileSync(new URL('../../docs/chaos.md', import.meta.url), 'utf8');

/** The lines of a section, without those of the sections below it. */
function section(title: string): string {
  const [, text = ''] = document.split(new RegExp(`^#+ ${title}$`, 'm'));
  return text.split(/^#+ /m)[0] ?? '';
}

/** What stands first in the rows of a section's last table. */
function firstCells(title: string): readonly string[] {
  const [table = ''] =
    section(title)
      .trim()
      .match(/(?:^\|.*\n?)+(?![^]*^\|)/m) ?? [];
  return table
    .split('\n')
    .slice(2)
    .map((row) => row.split('|')[1]?.trim().replaceAll('`', '') ?? '')
    .filter((cell) => cell !== '');
}

test('docs/chaos.md lists the cuts, what must be 0, the promises and the rules that there are', () => {
  expect(firstCells(socketDropOneNode.name)).toEqual(cutKinds);
  expect(firstCells('What is counted')).toEqual(faults);
  expect(firstCells('What is promised')).toEqual(Object.values(promised).map(({ event }) => event));
  expect(firstCells('Sabotage')).toEqual(Object.keys(sabotageRules));
  expect(firstCells(redisFailover.name)).toEqual(Object.keys(failoverFigures));
  expect(firstCells(redisCluster.name)).toEqual(Object.keys(clusterFigures));
  expect(firstCells(slowReader.name)).toEqual(Object.keys(slowReaderFigures([], [])));
  expect(firstCells(spike.name)).toEqual(waves.map(({ name }) => name));
});

test('docs/chaos.md names every figure', () => {
  const words = section('What is counted');
  expect(Object.keys(new Tally().figures()).filter((figure) => !words.includes(`\`${figure}\``))).toEqual([]);
});
