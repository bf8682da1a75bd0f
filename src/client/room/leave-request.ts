import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import type { RequestFunction } from '../session/request.ts';

/** A leave that a later request overtook is asked anew this often at most. */
const maxRenewals = 3;

/**
 * Asks to leave a room, anew where the leave was not applied: leaving late is what was wanted too, as long as `isDue` says so.
 * Rejects with the server's refusal.
 */
export async function requestLeave(
  request: RequestFunction,
  roomId: string,
  isDue: () => boolean,
): Promise<void> {
  for (let renewals = 0; isDue(); renewals += 1) {
    try {
      await request({ case: 'leaveRoom', value: { roomId } });
      return;
    } catch (thrown) {
      const error = SignalError.from(thrown);
      if (error.code !== ErrorCode.NOT_APPLIED || renewals === maxRenewals) throw error;
    }
  }
}
