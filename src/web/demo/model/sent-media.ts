import type { Call, Room, TrackKind } from '../../../client/index.ts';
import type { LocalMedia, LocalMediaState } from './local-media.ts';

/** What the others are told of one's devices. */
export function deviceAttributes(media: LocalMediaState): { readonly mic: string; readonly camera: string } {
  return { mic: media.mic === 'on' ? 'on' : 'off', camera: media.camera === 'on' ? 'on' : 'off' };
}

/** Keeps what is sent, and what is said of it, equal to the own devices. The returned function ends that. */
export function sendMedia(
  media: LocalMedia,
  room: Room,
  call: Call,
  onError: (error: unknown) => void,
): () => void {
  let said = deviceAttributes(media.store.get());
  const follow = async () => {
    const state = media.store.get();
    await Promise.all(state.stream.getTracks().map((track) => sendTrack(call, track)));
    const attributes = deviceAttributes(state);
    if (attributes.mic === said.mic && attributes.camera === said.camera) return;
    said = attributes;
    await room.updateAttributes(attributes);
  };
  return media.store.subscribe(() => void follow().catch(onError));
}

/**
 * A track that ended stays in its place, where it sends nothing, until another comes: the new one then needs no negotiation.
 */
async function sendTrack(call: Call, track: MediaStreamTrack): Promise<void> {
  if (!call.tracks.includes(track)) await call.setTrack(track.kind as TrackKind, track);
}
