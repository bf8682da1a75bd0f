import { type Call, ParleyClient, type Room } from '../../../client/index.ts';
import { exposeForDebugging } from './debugging-aid.ts';
import { describeSignalError } from './describe-signal-error.ts';
import { Journal } from './journal.ts';
import { linkFrom } from './link.ts';
import type { LocalMedia } from './local-media.ts';
import { narrateCall, narrateClient, narrateRoom } from './narration.ts';
import type { Notice } from './notice.ts';
import { listPeople } from './people.ts';
import type { Link, RoomState } from './room-state.ts';
import { describeOwnDeparture } from './room-words.ts';
import { type Route, routeFrom } from './route.ts';
import { deviceAttributes, sendMedia } from './sent-media.ts';
import { Store } from './store.ts';

interface EnterOptions {
  /** The signaling server's WebSocket. */
  readonly url: string;
  readonly token: string | (() => Promise<string>);
  readonly room: string;
  readonly media: LocalMedia;
  /** The first sign-in is given up when this aborts. */
  readonly signal: AbortSignal;
}

/** After this many tries in a row, about half a minute, the person is asked. */
const reconnectAttempts = 15;

/** One stay in one room: the session, the room and the call in it, as the page shows them. */
export class RoomSession {
  readonly journal = new Journal();
  readonly store: Store<RoomState>;
  /** Called once when the stay ends other than by `leave()`. */
  onEnd: (notice: Notice) => void = () => undefined;

  readonly #client: ParleyClient;
  readonly #room: Room;
  readonly #call: Call;
  readonly #media: LocalMedia;
  readonly #links = new Map<string, Link>();
  readonly #subscriptions: (() => void)[];

  /** Signs in and joins. Rejects with the `SignalError` that refused it, or what `signal` was aborted with. */
  static async enter({ url, token, room: roomId, media, signal }: EnterOptions): Promise<RoomSession> {
    const client = new ParleyClient({
      url,
      token,
      retry: { attempts: reconnectAttempts },
      client: 'parley-demo',
    });
    try {
      await orAbort(client.connect(), signal);
      const room = await client.join(roomId, { attributes: deviceAttributes(media.store.get()) });
      return new RoomSession(client, room, media);
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  private constructor(client: ParleyClient, room: Room, media: LocalMedia) {
    this.#client = client;
    this.#room = room;
    this.#media = media;
    // The call comes before the journal: it is the one that offers wait for.
    this.#call = room.call({ localStream: media.store.get().stream });
    this.store = new Store<RoomState>({ roomId: room.id, people: this.#people(), signaling: 'connected' });
    this.#subscriptions = [
      ...narrateClient(client, this.journal),
      ...narrateRoom(room, this.journal),
      ...narrateCall(this.#call, room, this.journal),
      ...this.#watchClient(),
      ...this.#watchPeople(),
      sendMedia(media, room, this.#call, () =>
        this.journal.add('problem', 'The others could not be told of your devices.'),
      ),
    ];
    exposeForDebugging({ client, room, call: this.#call });
  }

  /** The way to a peer. Undefined: there is none yet. */
  async readRoute(peerId: string): Promise<Route | undefined> {
    const report = await this.#call.peers.get(peerId)?.getStats();
    return report === undefined ? undefined : routeFrom(report);
  }

  /** Leaves the room and signs out. */
  async leave(): Promise<void> {
    this.#stop();
    await this.#client.close();
  }

  #watchClient(): (() => void)[] {
    return [
      this.#client.on('state', ({ state }) => {
        if (state === 'connected') this.store.set({ signaling: 'connected' });
        if (state === 'reconnecting') this.store.set({ signaling: 'reconnecting' });
      }),
      this.#client.on('gave_up', () => this.store.set({ signaling: 'lost' })),
      this.#client.on('closed', ({ error }) => {
        if (error !== undefined) this.#end(describeSignalError(error));
      }),
      this.#room.on('left', ({ reason, error }) =>
        this.#end(describeOwnDeparture(this.#room.id, reason, error)),
      ),
    ];
  }

  #watchPeople(): (() => void)[] {
    const show = () => this.store.set({ people: this.#people() });
    return [
      this.#room.on('peer_joined', show),
      this.#room.on('peer_left', show),
      this.#room.on('peer_updated', show),
      this.#room.on('reset', show),
      this.#media.store.subscribe(show),
      this.#call.on('stream', show),
      this.#call.on('track', show),
      this.#call.on('peer_gone', ({ peerId }) => {
        this.#links.delete(peerId);
        show();
      }),
      this.#call.on('peer_state', ({ peerId, state }) => {
        const link = linkFrom(state, this.#links.get(peerId));
        if (link === undefined) this.#links.delete(peerId);
        else this.#links.set(peerId, link);
        show();
      }),
    ];
  }

  #people(): RoomState['people'] {
    return listPeople(this.#room, this.#call, this.#media.store.get(), this.#links);
  }

  /** After giving up the room stays in view, since media may still flow: the person decides. */
  #end(notice: Notice): void {
    if (this.store.get().signaling === 'lost') return;
    this.#stop();
    this.onEnd(notice);
    void this.#client.close();
  }

  #stop(): void {
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe();
    this.#call.close();
    exposeForDebugging(undefined);
  }
}

async function orAbort(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  await Promise.race([work, aborted]);
}
