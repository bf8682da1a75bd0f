import type { IncomingMessage } from 'node:http';
import { isIP, isIPv4 } from 'node:net';
import proxyAddr from '@fastify/proxy-addr';

export type TrustProxy = boolean | readonly string[];

/** Finds out from which address clients come. */
export class ClientAddresses {
  readonly #trust: (address: string, hop: number) => boolean;

  /** Whose `X-Forwarded-For` is believed: everyone's, nobody's, or those of these addresses and networks. */
  constructor(trustProxy: TrustProxy) {
    const networks = typeof trustProxy === 'boolean' ? [] : [...trustProxy];
    this.#trust = networks.length > 0 ? proxyAddr.compile(networks) : () => trustProxy === true;
  }

  /** Whether a connection from this address may be a proxy's, with many clients behind it. */
  isProxy(address: string): boolean {
    return this.#trust(address, 0);
  }

  /** The network of the client that sent a request, as `networkOf` names it. */
  networkOf(request: IncomingMessage): string {
    const direct = request.socket.remoteAddress ?? '';
    const named = proxyAddr(request, this.#trust);
    // What a proxy passes on need not be an address; who comes with none shares the proxy's own place.
    return networkOf(isIP(named) === 0 ? direct : named);
  }
}

/** An IPv4 address, or the /64 of an IPv6 address: that is the least that one subscriber has, so all of it is one client's. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (address === '' || isIPv4(address)) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const groups = [...groupsOf(head)];
  if (tail !== undefined) {
    const after = groupsOf(tail);
    while (groups.length + after.length < 8) groups.push('0');
    groups.push(...after);
  }
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}

/** The groups of a part of an IPv6 address; an IPv4 address at its end stands for two. */
function groupsOf(part: string): readonly string[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => (group.includes('.') ? ['0', '0'] : [group]));
}
