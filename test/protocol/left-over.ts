import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { text } from 'node:stream/consumers';

const gauges = ['ws_connections_gauge', 'room_members_gauge', 'online_users_gauge', 'followed_rooms_gauge'];
const intervalMs = 10;

/**
 * What a server still has of its clients, as `followed_rooms_gauge 1`; empty when all is gone, at latest after `withinMs`.
 * `token`: what its metrics ask for, if anything.
 */
export async function leftOfClients(
  url: string,
  token: string,
  withinMs: number,
): Promise<readonly string[]> {
  return await settled(async () => {
    const lines = (await metrics(url, token)).split('\n');
    const counted = lines.filter((line) => gauges.includes(line.split(' ')[0] ?? ''));
    if (counted.length < gauges.length) return ['no gauges'];
    return counted.filter((line) => !line.endsWith(' 0'));
  }, withinMs);
}

/** Looks until nothing is left. Gives what is left after that time. */
export async function settled(
  look: () => Promise<readonly string[]> | readonly string[],
  withinMs: number,
): Promise<readonly string[]> {
  const untilMs = performance.now() + withinMs;
  for (;;) {
    const left = await look();
    if (left.length === 0 || performance.now() > untilMs) return left;
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}

/** On a connection of its own, whoever signed the certificate. */
async function metrics(url: string, token: string): Promise<string> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const options = { agent: false, rejectUnauthorized: false, headers };
    const get = url.startsWith('https') ? httpsGet : httpGet;
    get(`${url}/metrics`, options, resolve).once('error', reject);
  });
  return await text(response);
}
