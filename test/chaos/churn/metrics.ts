import type { ProductionServer } from '../../server-process/production-server.ts';

/** What `GET /metrics` wants to be told, see `METRICS_TOKEN`. */
export const metricsToken = 'metrics-of-a-chaos-run';

/** The values of gauges that the server gives out at `GET /metrics`. */
export async function readGauges<Name extends string>(
  { process: { url } }: ProductionServer,
  names: readonly Name[],
): Promise<Record<Name, number>> {
  const headers = { authorization: `Bearer ${metricsToken}`, connection: 'close' };
  const response = await fetch(`${url}/metrics`, { headers, signal: AbortSignal.timeout(10_000) });
  const text = await response.text();
  if (!response.ok) throw new Error(`GET /metrics: ${response.status}`);
  const lines = text.split('\n');
  const valueOf = (name: Name) =>
    Number(lines.find((line) => line.startsWith(`${name} `))?.slice(name.length) ?? Number.NaN);
  return Object.fromEntries(names.map((name) => [name, valueOf(name)])) as Record<Name, number>;
}
