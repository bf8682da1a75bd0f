import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PrometheusMetrics } from '../../../src/process/prometheus-metrics.ts';

test('what is counted stands in the text, by its labels, and gauges are asked for at each look', async () => {
  const metrics = new PrometheusMetrics();
  let open = 3;
  metrics.watchRedis(new Map([['TRYAGAIN', 4]]));
  metrics.watch([{ name: 'open_gauge', help: 'Open things.', value: () => open }]);
  for (let times = 0; times < 5; times++) metrics.handled('offer');
  metrics.handled('join_room');
  metrics.refused('ROOM_FULL');
  metrics.resumedRoom('recovered');
  metrics.disconnected(4001);
  for (const latencyMs of [0.05, 3, 3, 10_000]) metrics.relayed(latencyMs);
  const lines = (await metrics.text()).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'messages_total{type="offer"} 5',
      'messages_total{type="join_room"} 1',
      'refused_requests_total{code="ROOM_FULL"} 1',
      'resumed_rooms_total{outcome="recovered"} 1',
      'ws_disconnects_total{code="4001"} 1',
      'relay_latency_ms_bucket{le="0.1"} 1',
      'relay_latency_ms_bucket{le="5"} 3',
      'relay_latency_ms_bucket{le="+Inf"} 4',
      'relay_latency_ms_count 4',
      'redis_refusals_total{kind="TRYAGAIN"} 4',
      'open_gauge 3',
    ]),
  );
  open = 7;
  expect(await metrics.text()).toContain('\nopen_gauge 7\n');
});

test('a close code that a client made up is no time series of its own', async () => {
  const metrics = new PrometheusMetrics();
  for (const code of [3000, 4999, 1006]) metrics.disconnected(code);
  const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('ws_disconnects_total{'));
  expect(lines).toEqual(['ws_disconnects_total{code="other"} 2', 'ws_disconnects_total{code="1006"} 1']);
});

test('no gauge is named as a counter is', async () => {
  const text = await new PrometheusMetrics().text();
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]);
  expect(types.length).toBeGreaterThan(20);
  expect(types.filter(([name, type]) => type !== 'counter' && name?.endsWith('_total'))).toEqual([]);
});

test('the document lists the metrics of the node with their types', async () => {
  const documented = [...readFileSync('docs/metrics.md', 'utf8').matchAll(/^\| `(\w+)` +\| (\w+)/gm)].map(
    ([, name, type]) => `${name} ${type}`,
  );
  const text = await new PrometheusMetrics().text();
  const own = [...text.matchAll(/^# TYPE (?!process_|nodejs_)(\S+) (\S+)$/gm)].map(
    ([, name, type]) => `${name} ${type}`,
  );
  const gauges = documented.filter((line) => line.endsWith('_gauge gauge'));
  expect(documented.sort()).toEqual([...own, ...gauges].sort());
  expect(own.length).toBeGreaterThan(4);
});
