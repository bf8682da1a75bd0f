import { create } from '@bufbuild/protobuf';
import { ResumedRoomSchema, type StreamPosition } from '../../../../gen/parley/signal/v1/session_pb.ts';
import { backoffDelayMs } from '../../../shared/backoff.ts';
import type { Clock } from '../../../shared/clock.ts';
import { SignalError } from '../../../shared/signal-error.ts';
import { controlFrame } from '../../frame/server-frame.ts';
import type { JoinRecord } from '../../port/session-store.ts';
import type { RoomOnSignIn } from '../../session/returning.ts';
import type { Session } from '../../session/session.ts';
import { pause } from './pause.ts';
import { PositionLost, type Returned, type RoomReturn, refusedRoom } from './room-return.ts';

const tryAgain = { firstDelayMs: 200, maxDelayMs: 2_000 };
/**
 * For so long the welcome waits for a room, in milliseconds. One that can be reached takes a small part of it; the calls to one that can't
 * take some seconds, for which neither the client nor its other rooms need wait, and the time for the sign-in would not last.
 */
const patienceMs = 500;

/**
 * Rooms that could not be reached when their session came back, or that have lost where it was: the welcome names them as settling, and a
 * control frame says how they stand as soon as that can be known. What the client asks of such a room waits.
 */
export class RoomSettling {
  readonly #return: RoomReturn;
  readonly #clock: Clock;
  readonly #settleMs: number;

  /** `settleMs`: how long after a loss a room may lack members whose nodes have still to put them back, in milliseconds. */
  constructor(roomReturn: RoomReturn, clock: Clock, settleMs: number) {
    this.#return = roomReturn;
    this.#clock = clock;
    this.#settleMs = settleMs;
  }

  /** How the room stands, or that it settles. Rejects where it can't be come back to. */
  async comeBack(
    session: Session,
    roomId: string,
    held: JoinRecord,
    position: StreamPosition | undefined,
  ): Promise<RoomOnSignIn> {
    const first = this.#return.comeBack(session, roomId, held, position);
    try {
      const returned = await this.#soon(first);
      if (returned !== undefined) return { room: returned.room, afterWelcome: returned.follow };
    } catch (thrown) {
      if (isHopeless(thrown)) throw thrown;
    }
    const settle = async () => {
      const settled = await this.#settled(session, roomId, held, position, first);
      session.returning.delete(roomId);
      if (settled === undefined) return false;
      session.send(controlFrame({ body: { case: 'roomSettled', value: settled.returned.room } }));
      settled.returned.follow();
      return settled.isLost;
    };
    return {
      room: create(ResumedRoomSchema, { roomId, outcome: { case: 'settling', value: true } }),
      afterWelcome: () => void session.returning.set(roomId, session.turns.take(roomId, settle)),
    };
  }

  /** Undefined: it takes longer than of a room that can be reached. */
  #soon(first: Promise<Returned>): Promise<Returned | undefined> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(patienceMs, () => resolve(undefined));
      first.then(resolve, reject).finally(cancel);
    });
  }

  /** Undefined: the client is gone again. */
  async #settled(
    session: Session,
    roomId: string,
    held: JoinRecord,
    position: StreamPosition | undefined,
    first: Promise<Returned>,
  ): Promise<{ readonly returned: Returned; readonly isLost: boolean } | undefined> {
    let [after, trying, wasLost] = [position, first, false];
    for (let attempt = 0; ; attempt++) {
      try {
        return { returned: await trying, isLost: wasLost };
      } catch (thrown) {
        if (isHopeless(thrown)) {
          const room = refusedRoom(roomId, SignalError.from(thrown));
          return { returned: { room, follow: () => undefined }, isLost: wasLost };
        }
        const isLost = thrown instanceof PositionLost;
        if (isLost) [after, wasLost] = [undefined, true];
        await pause(this.#clock, isLost ? this.#settleMs : backoffDelayMs(tryAgain, attempt), session.gone);
      }
      if (!session.connected) return undefined;
      trying = this.#return.comeBack(session, roomId, held, after);
    }
  }
}

/** Whether trying again would not help. */
function isHopeless(thrown: unknown): boolean {
  return !(thrown instanceof PositionLost || SignalError.from(thrown).retryable);
}
