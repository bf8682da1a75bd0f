// A peer that the tests steer: with the call of the SDK, or with simple-peer over its signals.
import type SimplePeerPackage from 'simple-peer';
import { ParleyClient, type Room } from '../../../src/client/index.ts';

declare const SimplePeer: typeof SimplePeerPackage;

/** What the tests read. */
export interface PeerPage {
  joined: boolean;
  /** What came over a data channel. */
  readonly received: string[];
  /** Relays that came, as `kind from`. */
  readonly relays: string[];
  readonly correlationIds: string[];
  readonly errors: string[];
}

declare global {
  interface Window {
    peerPage: PeerPage;
  }
}

const page: PeerPage = { joined: false, received: [], relays: [], correlationIds: [], errors: [] };
window.peerPage = page;

const query = new URLSearchParams(location.search);
const setting = (name: string) => query.get(name) ?? '';
const client = new ParleyClient({ url: setting('ws'), token: setting('token') });
client.on('error', (error) => page.errors.push(String(error)));
await client.connect();
const room = await client.join(setting('room'));
for (const kind of ['offer', 'answer', 'candidates', 'signal'] as const) {
  room.on(kind, ({ from, correlationId }) => {
    page.relays.push(`${kind} ${from}`);
    page.correlationIds.push(correlationId);
  });
}
if (setting('with') === 'simple-peer') useSimplePeer(room);
else if (setting('with') === 'call') useCall(room);
page.joined = true;

function useCall(room: Room): void {
  const call = room.call({ dataChannels: [{ label: 'chat' }] });
  call.on('error', ({ error }) => page.errors.push(String(error)));
  call.on('data_channel', ({ channel }) => {
    channel.addEventListener('message', (event) => page.received.push(String(event.data)));
    const greet = () => channel.send(`hello from ${setting('name')}`);
    if (channel.readyState === 'open') greet();
    else channel.addEventListener('open', greet);
  });
}

/** Each who joins is called by those who are there. */
function useSimplePeer(room: Room): void {
  const peers = new Map<string, SimplePeerPackage.Instance>();
  const encode = (data: unknown) => new TextEncoder().encode(JSON.stringify(data));
  const connect = (peerId: string, initiator: boolean) => {
    const peer = new SimplePeer({ initiator, config: { iceServers: [] } });
    peers.set(peerId, peer);
    peer.on('signal', (data) => void room.sendSignal(peerId, { type: 'simple-peer', data: encode(data) }));
    peer.on('connect', () => peer.send(`hello from ${setting('name')}`));
    peer.on('data', (data: Uint8Array) => page.received.push(new TextDecoder().decode(data)));
    peer.on('error', (error) => page.errors.push(String(error)));
    return peer;
  };
  room.on('peer_joined', (peer) => connect(peer.peerId, true));
  room.on('signal', ({ from, data }) => {
    const peer = peers.get(from) ?? connect(from, false);
    peer.signal(JSON.parse(new TextDecoder().decode(data)) as SimplePeerPackage.SignalData);
  });
}
