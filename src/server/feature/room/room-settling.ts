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

  /** `failure`: what the first try came to. */
  begin(
    session: Session,
    roomId: string,
    held: JoinRecord,
    position: StreamPosition | undefined,
    failure: unknown,
  ): RoomOnSignIn {
    const settle = async () => {
      const settled = await this.#settled(session, roomId, held, position, failure);
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

  /** Undefined: the client is gone again. */
  async #settled(
    session: Session,
    roomId: string,
    held: JoinRecord,
    position: StreamPosition | undefined,
    failure: unknown,
  ): Promise<{ readonly returned: Returned; readonly isLost: boolean } | undefined> {
    let [after, thrown, wasLost] = [position, failure, false];
    for (let attempt = 0; ; attempt++) {
      const isLost = thrown instanceof PositionLost;
      if (isLost) [after, wasLost] = [undefined, true];
      await pause(this.#clock, isLost ? this.#settleMs : backoffDelayMs(tryAgain, attempt), session.gone);
      if (!session.connected) return undefined;
      try {
        const returned = await this.#return.comeBack(session, roomId, held, after);
        return { returned, isLost: wasLost };
      } catch (again) {
        thrown = again;
        const error = SignalError.from(again);
        const isHopeless = !(again instanceof PositionLost || error.retryable);
        if (!isHopeless) continue;
        return { returned: { room: refusedRoom(roomId, error), follow: () => undefined }, isLost: wasLost };
      }
    }
  }
}
