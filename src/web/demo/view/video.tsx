import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface VideoProps {
  readonly stream: MediaStream | undefined;
  /** Shown as in a mirror and without sound: the own picture. */
  readonly own: boolean;
  /** Whether there is a picture: without one the element still plays the sound. */
  readonly visible: boolean;
  readonly label: string;
}

export function Video({ stream, own, visible, label }: VideoProps): JSX.Element {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (element.current !== null) element.current.srcObject = stream ?? null;
  }, [stream]);
  return (
    <video
      ref={element}
      class={`video${own ? ' mirrored' : ''}${visible ? '' : ' dark'}`}
      autoPlay
      playsInline
      muted={own}
      aria-label={label}
      data-testid="video"
    />
  );
}
