import { SignalError } from '../../../shared/signal-error.ts';
import { describeSignalError, needsAnotherToken } from './describe-signal-error.ts';
import { LocalMedia } from './local-media.ts';
import { type Notice, problem } from './notice.ts';
import { addressOf, type PageAddress, readPageAddress, signalingUrl } from './page-address.ts';
import { recall, remember } from './remembered.ts';
import { RoomSession } from './room-session.ts';
import { developmentTokens } from './sign-in.ts';
import { Store } from './store.ts';

/** Longest wait for a server that does not answer at all, in milliseconds. */
const signInDeadlineMs = 12_000;

export interface DemoState {
  /** What the form starts with. */
  readonly address: PageAddress;
  readonly entering: boolean;
  /** The server gives no tokens by itself, or refused the one it got: a field for one is shown. */
  readonly needsToken: boolean;
  readonly notice: Notice | undefined;
  /** Undefined: in the lobby. */
  readonly session: RoomSession | undefined;
}

/** The demo: from the lobby into a room and back. */
export class Demo {
  readonly media = new LocalMedia();
  readonly store = new Store<DemoState>({
    address: withRememberedName(readPageAddress(location.search)),
    entering: false,
    needsToken: false,
    notice: undefined,
    session: undefined,
  });

  /** Enters a room. Without a token a development server is asked for one. What went wrong is in `notice`. */
  async enter(address: PageAddress): Promise<void> {
    if (this.store.get().entering) return;
    this.store.set({ entering: true, notice: undefined, address });
    try {
      const token =
        address.token === '' ? await developmentTokens(location.href, address.name) : address.token;
      if (token === undefined) {
        this.#askForToken();
        return;
      }
      if (address.token === '') remember('name', address.name);
      const url = signalingUrl(location.href);
      const signal = AbortSignal.timeout(signInDeadlineMs);
      const session = await RoomSession.enter({ ...address, url, token, media: this.media, signal });
      session.onEnd = (notice) => this.#end(notice);
      history.replaceState(null, '', addressOf(location.search, address));
      document.title = `${address.room} · Parley`;
      this.media.dismissNotice();
      this.store.set({ session, needsToken: false });
    } catch (error) {
      this.store.set(refusal(error, this.store.get()));
    } finally {
      this.store.set({ entering: false });
    }
  }

  /** After the connection was given up: a new session in the same room. */
  async enterAgain(): Promise<void> {
    const { session, address } = this.store.get();
    await session?.leave();
    this.#end(undefined);
    await this.enter(address);
  }

  async leave(): Promise<void> {
    const { session, address } = this.store.get();
    if (session === undefined) return;
    this.#end({
      tone: 'info',
      title: 'You have left',
      detail: `The room was ${address.room}. You can enter again at any time.`,
    });
    await session.leave();
  }

  /** The field says what it is for; the notice is for who left it empty. */
  #askForToken(): void {
    const notice = problem('A token is needed', 'This server gives none by itself. Paste one below.');
    this.store.set(this.store.get().needsToken ? { notice } : { needsToken: true });
  }

  #end(notice: Notice | undefined): void {
    document.title = 'Parley';
    this.store.set({ session: undefined, notice });
  }
}

/** The name of the last visit, where the address says none. */
function withRememberedName(address: PageAddress): PageAddress {
  return address.name === '' ? { ...address, name: recall('name') ?? '' } : address;
}

function refusal(error: unknown, state: DemoState): Partial<DemoState> {
  if (!(error instanceof SignalError)) {
    return {
      notice: problem(
        'The server cannot be reached',
        'Check your network, and that the server runs. Then try again.',
      ),
    };
  }
  return { notice: describeSignalError(error), needsToken: state.needsToken || needsAnotherToken(error) };
}
