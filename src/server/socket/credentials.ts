import type { IncomingMessage } from 'node:http';
import { parseCookie } from 'cookie';

/** The token that an upgrade request carries, by header, cookie or query; empty: none. Never to be logged. */
export function tokenOf(request: IncomingMessage, query: URLSearchParams, tokenInQuery: boolean): string {
  const [scheme = '', token = ''] = (request.headers.authorization ?? '').split(' ', 2);
  if (scheme.toLowerCase() === 'bearer' && token !== '') return token;
  const cookie = parseCookie(request.headers.cookie ?? '')['access_token'];
  if (cookie !== undefined && cookie !== '') return cookie;
  return tokenInQuery ? (query.get('access_token') ?? '') : '';
}

/** Whether a page of this origin may connect: one of the configured ones, or the server's own. No origin: no browser. */
export function originAllowed(request: IncomingMessage, clientUrls: readonly string[]): boolean {
  const { origin } = request.headers;
  if (origin === undefined || clientUrls.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === request.headers.host;
}
