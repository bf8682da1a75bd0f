import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Hoist } from '../flags/hoist.tsx';
import type { Demo } from '../model/demo.ts';
import { suggestRoomName, toRoomId } from '../model/room-names.ts';
import { LobbyForm } from './lobby-form.tsx';
import { NoticeBox } from './notice-box.tsx';
import { PageHeader } from './page-header.tsx';
import { Preview } from './preview.tsx';
import { useStore } from './use-store.ts';

/** The place before a room: who one is, where to go, and how one looks. */
export function Lobby({ demo }: { readonly demo: Demo }): JSX.Element {
  const { notice, address } = useStore(demo.store);
  const [name, setName] = useState(address.name);
  const [room, setRoom] = useState(() => (address.room === '' ? suggestRoomName() : address.room));
  const heading = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    if (demo.media.store.get().mic === 'absent') void demo.media.start();
    if (notice !== undefined) heading.current?.focus();
  }, []);

  return (
    <div class="lobby">
      <PageHeader />
      <main class="lobby-main">
        <section class="lobby-words">
          <h1 ref={heading} tabIndex={-1}>
            Talk face to face
          </h1>
          {notice === undefined ? (
            <p class="lobby-lead">
              All who open the same room see and hear each other. Picture and sound go straight from browser
              to browser; Parley only passes the signals.
            </p>
          ) : (
            <NoticeBox notice={notice} />
          )}
          <LobbyForm demo={demo} name={name} onName={setName} room={room} onRoom={setRoom} />
        </section>
        <div class="lobby-look">
          <Hoist text={toRoomId(room)} />
          <Preview media={demo.media} name={name} />
        </div>
      </main>
    </div>
  );
}
