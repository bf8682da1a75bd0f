import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Hoist } from '../flags/hoist.tsx';
import type { Demo } from '../model/demo.ts';
import { inviteLink } from '../model/page-address.ts';
import type { RoomSession } from '../model/room-session.ts';
import { Announcer } from './announcer.tsx';
import { InviteTile } from './invite-tile.tsx';
import { PageHeader } from './page-header.tsx';
import { RoomNotices } from './room-notices.tsx';
import { SidePanel } from './side-panel.tsx';
import { SignalingStatus } from './signaling-status.tsx';
import { Tile } from './tile.tsx';
import { TileGrid } from './tile-grid.tsx';
import { Toolbar } from './toolbar.tsx';
import { useCopy } from './use-copy.ts';
import { useStore } from './use-store.ts';

/** From this width on the panel stands beside the tiles, and is open at first. */
const widePage = '(min-width: 900px)';

interface RoomViewProps {
  readonly demo: Demo;
  readonly session: RoomSession;
}

export function RoomView({ demo, session }: RoomViewProps): JSX.Element {
  const { roomId, people, signaling } = useStore(session.store);
  const [panelOpen, setPanelOpen] = useState(() => matchMedia(widePage).matches);
  const link = inviteLink(location.href, roomId);
  const copying = useCopy(link);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const panelButton = useRef<HTMLButtonElement>(null);
  const closePanel = () => {
    setPanelOpen(false);
    panelButton.current?.focus();
  };
  const alone = people.length < 2;

  return (
    <div class={`room${panelOpen ? ' with-panel' : ''}`}>
      <PageHeader>
        <h1 ref={heading} class="room-name" tabIndex={-1}>
          <span class="unseen">Room </span>
          {roomId}
        </h1>
        <Hoist text={roomId} />
        <SignalingStatus signaling={signaling} />
      </PageHeader>
      <main class="room-main">
        <RoomNotices demo={demo} signaling={signaling} copying={copying} link={link} />
        <TileGrid count={alone ? 2 : people.length}>
          {people.map((person) => (
            <Tile key={person.peerId} person={person} />
          ))}
          {alone ? <InviteTile link={link} copying={copying} /> : null}
        </TileGrid>
      </main>
      {panelOpen ? (
        <SidePanel
          people={people}
          session={session}
          over={!matchMedia(widePage).matches}
          onClose={closePanel}
        />
      ) : null}
      <Toolbar
        media={demo.media}
        copied={copying.outcome === 'copied'}
        panelOpen={panelOpen}
        panelButton={panelButton}
        onCopy={copying.copy}
        onPanel={() => setPanelOpen(!panelOpen)}
        onLeave={() => void demo.leave()}
      />
      <Announcer journal={session.journal} />
    </div>
  );
}
