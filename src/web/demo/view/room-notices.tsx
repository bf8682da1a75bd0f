import type { JSX } from 'preact';
import type { Demo } from '../model/demo.ts';
import type { Notice } from '../model/notice.ts';
import type { Signaling } from '../model/room-state.ts';
import { Icon } from './icon.tsx';
import { NoticeBox } from './notice-box.tsx';
import type { Copying } from './use-copy.ts';
import { useStore } from './use-store.ts';

interface RoomNoticesProps {
  readonly demo: Demo;
  readonly signaling: Signaling;
  readonly copying: Copying;
  readonly link: string;
}

const reconnecting: Notice = {
  tone: 'waiting',
  title: 'The connection to the server was lost',
  detail: 'Trying again. Picture and sound go on; who comes and goes is told when the server is back.',
};
const lost: Notice = {
  tone: 'error',
  title: 'The server could not be reached again',
  detail: 'The page has stopped trying. Check your network, then try once more.',
};

/** What stands above the tiles while something is wrong. */
export function RoomNotices({ demo, signaling, copying, link }: RoomNoticesProps): JSX.Element {
  const { notice } = useStore(demo.media.store);
  return (
    <div class="room-notices">
      {signaling === 'reconnecting' ? <NoticeBox notice={reconnecting} /> : null}
      {signaling === 'lost' ? (
        <NoticeBox notice={lost}>
          <button type="button" class="button" onClick={() => void demo.enterAgain()}>
            Try again
          </button>
        </NoticeBox>
      ) : null}
      {notice === undefined ? null : (
        <NoticeBox notice={notice}>
          <DismissButton onClick={() => demo.media.dismissNotice()} />
        </NoticeBox>
      )}
      {copying.outcome === 'refused' ? (
        <NoticeBox notice={{ tone: 'info', title: 'Copy this link yourself', detail: link }}>
          <DismissButton onClick={copying.dismiss} />
        </NoticeBox>
      ) : null}
    </div>
  );
}

function DismissButton({ onClick }: { readonly onClick: () => void }): JSX.Element {
  return (
    <button type="button" class="icon-button" aria-label="Dismiss" onClick={onClick}>
      <Icon name="close" />
    </button>
  );
}
