import { create } from '@bufbuild/protobuf';
import { ResumedRoomSchema, type StreamPosition } from '../../../../gen/parley/signal/v1/session_pb.ts';
import { backoffDelayMs } from '../../../shared/backoff.ts';
import type { Clock } from '../../../shared/clock.ts';
import { SignalError } from '../../../shared/signal-error.ts';
import { controlFrame } from '../../frame/server-frame.ts';
import type { JoinRecord } from '../../port/session-store.ts';
import type { RoomOnSignIn } from '../../session/returning.ts';
import type { Session } from '../../session/session.ts';
import { type Returned, type RoomReturn, refusedRoom } from './room-return.ts';

const tryAgain = { firstDelayMs: 200, maxDelayMs: 2_000 };

/**
 * Rooms that could not be reached when their session came back: the welcome names them as settling, and a control frame says how they stand as
 * soon as that can be known. What the client asks of such a room waits.
 */
export class RoomSettling {
  readonly #return: RoomReturn;
  readonly #clock: Clock;

  constructor(roomReturn: RoomReturn, clock: Clock) {
    this.#return = roomReturn;
    this.#clock = clock;
  }

  begin(
    session: Session,
    roomId: string,
    held: JoinRecord,
    position: StreamPosition | undefined,
  ): RoomOnSignIn {
    const settle = async () => {
      const returned = await this.#settled(session, roomId, held, position);
      if (returned === undefined) return;
      session.send(controlFrame({ body: { case: 'roomSettled', value: returned.room } }));
      returned.follow();
    };
    return {
      room: create(ResumedRoomSchema, { roomId, outcome: { case: 'settling', value: true } }),
      afterWelcome: () => void session.turns.take(roomId, settle),
    };
  }

  /** Undefined: the client is gone again. */
  async #settled(
    session: Session,
    roomId: string,
    held: JoinRecord,
    position: StreamPosition | undefined,
  ): Promise<Returned | undefined> {
    for (let attempt = 0; ; attempt++) {
      await this.#pause(attempt);
      if (!session.connected) return undefined;
      try {
        return await this.#return.comeBack(session, roomId, held, position);
      } catch (thrown) {
        const error = SignalError.from(thrown);
        if (!error.retryable) return { room: refusedRoom(roomId, error), follow: () => undefined };
      }
    }
  }

  #pause(attempt: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(backoffDelayMs(tryAgain, attempt), resolve));
  }
}
