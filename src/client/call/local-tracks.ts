import type { TrackKind } from './call.ts';
import type { Stream, Track } from './rtc-types.ts';

/** The tracks that a call sends, each with its stream, and the kinds that are muted. */
export class LocalTracks {
  readonly #streams = new Map<Track, Stream | undefined>();
  readonly #muted = new Set<string>();
  readonly #defaultStream: Stream | undefined;

  /** `defaultStream`: of tracks that have none of their own. */
  constructor(defaultStream: Stream | undefined) {
    this.#defaultStream = defaultStream;
  }

  get all(): Track[] {
    return [...this.#streams.keys()];
  }

  has(track: Track): boolean {
    return this.#streams.has(track);
  }

  ofKind(kind: TrackKind): Track[] {
    return this.all.filter((track) => track.kind === kind);
  }

  streamOf(track: Track): Stream | undefined {
    return this.#streams.get(track);
  }

  add(track: Track, stream: Stream | undefined): void {
    this.#streams.set(track, stream ?? this.#defaultStream);
    if (this.#muted.has(track.kind)) track.enabled = false;
  }

  remove(track: Track): void {
    this.#streams.delete(track);
  }

  mute(kind: TrackKind, muted: boolean): void {
    if (muted) this.#muted.add(kind);
    else this.#muted.delete(kind);
    for (const track of this.ofKind(kind)) track.enabled = !muted;
  }
}
