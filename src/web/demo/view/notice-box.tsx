import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Notice } from '../model/notice.ts';
import { Icon } from './icon.tsx';

interface NoticeBoxProps {
  readonly notice: Notice;
  /** Buttons beside the words. */
  readonly children?: ComponentChildren;
}

const icons = { error: 'warning', info: 'info', waiting: 'waiting' } as const;

/** What went wrong or happened. Errors are read out at once, the rest when there is a pause. */
export function NoticeBox({ notice, children }: NoticeBoxProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  // On a phone it may appear above what is in view.
  useEffect(() => box.current?.scrollIntoView({ block: 'nearest' }), [notice]);
  return (
    <div
      ref={box}
      class={`notice ${notice.tone}`}
      role={notice.tone === 'error' ? 'alert' : 'status'}
      data-testid="notice"
    >
      <Icon name={icons[notice.tone]} />
      <p class="notice-title">{notice.title}</p>
      <p class="notice-detail">{notice.detail}</p>
      {children === undefined ? null : <div class="notice-actions">{children}</div>}
    </div>
  );
}
