import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { EventSchema } from '../../../gen/parley/signal/v1/frame_pb.ts';
import { LeaveReason, ModeChangeReason, RoomMode } from '../../../gen/parley/signal/v1/room_pb.ts';
import { describeEvent } from '../../../src/cli/describe-event.ts';

type Body = MessageInitShape<typeof EventSchema>['body'];

const ada = '0a0a0a0a-0000-4000-8000-000000000001';
const nameOf = (peerId: string) => (peerId === ada ? 'Ada' : peerId.slice(0, 8));

function described(body: NonNullable<Body>): string {
  const { what, details } = describeEvent(create(EventSchema, { stream: 'daily', body }), nameOf);
  return `${what} | ${details}`;
}

function relayed(kind: object): string {
  return described({ case: 'relay', value: { from: ada, body: { kind } } } as NonNullable<Body>);
}

test('what happens to members is said with their names', () => {
  const peer = {
    peerId: ada,
    userId: 'ada',
    displayName: 'Ada Lovelace',
    permissions: { publish: true, host: true },
  };
  expect(described({ case: 'peerJoined', value: { peer } })).toBe(
    'joined | Ada Lovelace (ada)  0a0a0a0a  may publish host',
  );
  expect(described({ case: 'peerJoined', value: { peer: { peerId: ada, userId: 'ada' } } })).toBe(
    'joined | ada  0a0a0a0a  may only listen in',
  );
  expect(described({ case: 'peerLeft', value: { peerId: ada, reason: LeaveReason.CONNECTION_LOST } })).toBe(
    'left | Ada  connection lost',
  );
  expect(described({ case: 'peerLeft', value: { peerId: ada, reason: 99 as LeaveReason } })).toBe(
    'left | Ada  99',
  );
  expect(described({ case: 'peerUpdated', value: { peerId: ada, attributes: { mic: 'off' } } })).toBe(
    'changed | Ada  mic=off',
  );
});

test('what happens to the room is said', () => {
  expect(described({ case: 'roomUpdated', value: { metadata: { topic: 'tea' }, changedBy: ada } })).toBe(
    'metadata | by Ada  topic=tea',
  );
  expect(described({ case: 'roomUpdated', value: { metadata: {} } })).toBe('metadata | by a service  ');
  expect(described({ case: 'roomClosed', value: { reason: 'done' } })).toBe('closed | done');
  const toSfu = { mode: RoomMode.SFU, reason: ModeChangeReason.REQUESTED };
  expect(described({ case: 'modeChanged', value: toSfu })).toBe('mode | sfu  requested');
});

test('what peers say to this one is counted, and its addresses stay out', () => {
  const sdp = 'v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n';
  expect(relayed({ case: 'offer', value: { sdp } })).toBe(`offer | Ada  audio video  ${sdp.length} bytes`);
  const candidates = [
    { candidate: 'candidate:1 1 UDP 2122252543 192.0.2.7 50000 typ host' },
    { candidate: 'candidate:2 1 tcp 1 192.0.2.7 9 typ srflx raddr 0.0.0.0 rport 0' },
  ];
  const batch = relayed({ case: 'candidates', value: { candidates, endOfCandidates: true } });
  expect(batch).toBe('candidates | Ada  host udp, srflx tcp, no more');
  expect(relayed({ case: 'signal', value: { type: 'wave', data: new Uint8Array(3) } })).toBe(
    'signal | Ada  wave  3 bytes',
  );
  expect(relayed({ case: undefined })).toMatch(/^relay \| Ada/);
});

test('an event that has no words of its own is shown as JSON', () => {
  const event = described({ case: 'moduleDeactivated', value: { moduleId: 'chess' } });
  expect(event).toMatch(/^moduleDeactivated \| .*chess/);
});

test('control characters that others sent do not reach the terminal', () => {
  const evil = '\u001b]0;owned\u0007\u009b2J\nfake line\u202e';
  const lines = [
    described({ case: 'peerJoined', value: { peer: { peerId: ada, userId: 'ada', displayName: evil } } }),
    described({ case: 'roomUpdated', value: { metadata: { [evil]: evil }, changedBy: ada } }),
    described({ case: 'roomClosed', value: { reason: evil } }),
    relayed({ case: 'signal', value: { type: evil } }),
    relayed({ case: 'candidates', value: { candidates: [{ candidate: `1 2 ${evil} typ ${evil}` }] } }),
  ];
  for (const line of lines) expect(line).not.toMatch(/\p{Cc}|\u202e/u);
});
