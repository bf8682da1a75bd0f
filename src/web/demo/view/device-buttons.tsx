import type { JSX } from 'preact';
import type { LocalMedia } from '../model/local-media.ts';
import { ToolButton } from './tool-button.tsx';
import { useStore } from './use-store.ts';

/** Microphone and camera, on and off. */
export function DeviceButtons({ media }: { readonly media: LocalMedia }): JSX.Element {
  const { mic, camera, starting } = useStore(media.store);
  return (
    <>
      <ToolButton
        icon={mic === 'on' ? 'mic' : 'micOff'}
        caption={mic === 'on' ? 'Mute' : 'Unmute'}
        label={mic === 'on' ? 'Mute microphone' : 'Unmute microphone'}
        struck={mic !== 'on'}
        disabled={starting}
        onClick={() => void media.toggleMic()}
      />
      <ToolButton
        icon={camera === 'on' ? 'camera' : 'cameraOff'}
        caption={camera === 'on' ? 'Stop camera' : 'Start camera'}
        label={camera === 'on' ? 'Stop camera' : 'Start camera'}
        struck={camera !== 'on'}
        disabled={starting}
        onClick={() => void media.toggleCamera()}
      />
    </>
  );
}
