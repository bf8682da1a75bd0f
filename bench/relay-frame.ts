import { create, toBinary } from '@bufbuild/protobuf';
import { ClientFrameSchema } from '../gen/parley/signal/v1/frame_pb.ts';

/** The frame of an offer from one peer to another. */
export function relayFrame(id: number, roomId: string, to: string, sdp: string): Uint8Array {
  const body = { kind: { case: 'offer', value: { sdp } } } as const;
  const relay = { case: 'relay', value: { roomId, to, body } } as const;
  return toBinary(ClientFrameSchema, create(ClientFrameSchema, { id, body: relay }));
}
