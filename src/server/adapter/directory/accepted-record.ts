import type { RoomRecord } from '../../../../gen/parley/directory/v1/directory_pb.ts';
import { textMapFault } from '../../../shared/text-map.ts';
import type { Log } from '../../port/log.ts';

/**
 * A record that a Directory gave, where its metadata keeps the bounds that clients are held to: every joiner gets it whole.
 *
 * @throws Error where it does not; the log says of which room, since the Directory then counts as away.
 */
export function acceptedRecord(record: RoomRecord, log: Pick<Log, 'warn'> | undefined): RoomRecord {
  const fault = textMapFault(record.metadata);
  if (fault === undefined) return record;
  const reason = `metadata ${fault}`;
  log?.warn('directory.record_refused', { room: record.roomId, reason });
  throw new Error(reason);
}
