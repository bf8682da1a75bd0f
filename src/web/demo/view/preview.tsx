import type { JSX } from 'preact';
import { Flag } from '../flags/flag.tsx';
import type { LocalMedia, LocalMediaState } from '../model/local-media.ts';
import { DeviceButtons } from './device-buttons.tsx';
import { NoticeBox } from './notice-box.tsx';
import { useAudioLevel } from './use-audio-level.ts';
import { useStore } from './use-store.ts';
import { Video } from './video.tsx';

interface PreviewProps {
  readonly media: LocalMedia;
  readonly name: string;
}

/** The own picture as the others will see it, and whether the microphone hears anything. */
export function Preview({ media, name }: PreviewProps): JSX.Element {
  const state = useStore(media.store);
  const level = useAudioLevel(state.mic === 'on' ? state.stream : undefined);
  return (
    <section class="preview" aria-label="Your camera and microphone">
      <div class="preview-picture">
        <Video stream={state.stream} own visible={state.camera === 'on'} label="Your camera" />
        {state.camera === 'on' ? null : (
          <div class="preview-empty">
            <Flag text={name} class="flag-avatar" />
            <p>{withoutPicture(state)}</p>
          </div>
        )}
        <div class="preview-controls">
          <DeviceButtons media={media} />
        </div>
        <span class="level" aria-hidden="true" style={{ '--level': String(level) }} />
      </div>
      {state.notice === undefined ? null : (
        <NoticeBox notice={state.notice}>
          <button type="button" class="button" onClick={() => void media.start()}>
            Try again
          </button>
        </NoticeBox>
      )}
    </section>
  );
}

function withoutPicture(state: LocalMediaState): string {
  if (state.starting) return 'Your browser asks for camera and microphone…';
  return state.mic === 'on'
    ? 'Camera off: the others will hear you.'
    : 'The others will neither see nor hear you.';
}
