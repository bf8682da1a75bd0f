import type { ResumedRoom } from '../../../gen/parley/signal/v1/session_pb.ts';
import { expectResult, type RequestFunction } from '../session/request.ts';
import type { Position } from './stream-cursor.ts';

/** Asks for a stream again from a position. Gives what becomes of it; undefined: the server did not say. */
export async function replay(
  request: RequestFunction,
  stream: string,
  { epoch, offset }: Position,
): Promise<ResumedRoom['outcome'] | undefined> {
  const result = await request(
    { case: 'replay', value: { after: { stream, epoch, offset } } },
    { outlives: 'connection', urgent: true },
  );
  return expectResult(result, 'replaying').room?.outcome;
}
