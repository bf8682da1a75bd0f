import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { RoomSession } from '../model/room-session.ts';
import type { Person } from '../model/room-state.ts';
import { EventList } from './event-list.tsx';
import { Icon } from './icon.tsx';
import { PeopleList } from './people-list.tsx';

interface SidePanelProps {
  readonly people: readonly Person[];
  readonly session: RoomSession;
  /** It lies over the rest and takes the focus, which would be hidden under it. */
  readonly over: boolean;
  readonly onClose: () => void;
}

/** Who is there, and what happened. Beside the tiles where it is wide, over them on a phone. */
export function SidePanel({ people, session, over, onClose }: SidePanelProps): JSX.Element {
  const closeButton = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (over) closeButton.current?.focus();
  }, []);
  return (
    <aside
      class="panel"
      aria-label="People and events"
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose();
      }}
    >
      <div class="panel-part">
        <div class="panel-head">
          <h2>
            People <span class="count">{people.length}</span>
          </h2>
          <button
            ref={closeButton}
            type="button"
            class="icon-button"
            aria-label="Close people and events"
            onClick={onClose}
          >
            <Icon name="close" />
          </button>
        </div>
        <PeopleList people={people} session={session} />
      </div>
      <div class="panel-part events">
        <div class="panel-head">
          <h2>Events</h2>
        </div>
        <EventList journal={session.journal} />
      </div>
    </aside>
  );
}
