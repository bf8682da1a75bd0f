import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { visibleName } from '../../../shared/visible-name.ts';
import { Hoist } from '../flags/hoist.tsx';
import type { Demo } from '../model/demo.ts';
import { maxNameLength } from '../model/page-address.ts';
import { suggestRoomName, toRoomId } from '../model/room-names.ts';
import { Icon } from './icon.tsx';
import { TokenField } from './token-field.tsx';
import { useStore } from './use-store.ts';

interface LobbyFormProps {
  readonly demo: Demo;
  readonly name: string;
  readonly onName: (name: string) => void;
  readonly room: string;
  readonly onRoom: (room: string) => void;
}

export function LobbyForm({ demo, name, onName, room, onRoom }: LobbyFormProps): JSX.Element {
  const { address, entering, needsToken } = useStore(demo.store);
  const [token, setToken] = useState(address.token);
  const [tried, setTried] = useState(false);
  const roomId = toRoomId(room);
  const shownName = visibleName(name);
  const noName = tried && shownName === '';
  const noRoom = tried && roomId === '';

  const enter = (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (shownName === '') focus('name');
    else if (roomId === '') focus('room');
    else void demo.enter({ name: shownName, room: roomId, token: token.trim() });
  };

  return (
    <form class="lobby-form" noValidate onSubmit={enter}>
      <div class="field">
        <label for="name">Your name</label>
        <input
          id="name"
          class="input"
          autoComplete="name"
          maxLength={maxNameLength}
          required
          value={name}
          aria-invalid={noName}
          aria-describedby="name-hint"
          onInput={(event) => onName(event.currentTarget.value)}
        />
        <p id="name-hint" class={`hint${noName ? ' wrong' : ''}`}>
          {noName ? 'Say who you are, so that the others know.' : 'The others will see it.'}
        </p>
      </div>
      <div class="field">
        <label for="room">Room</label>
        <div class="field-row">
          <input
            id="room"
            class="input"
            autoComplete="off"
            autoCapitalize="none"
            spellcheck={false}
            maxLength={128}
            required
            value={room}
            aria-invalid={noRoom}
            aria-describedby="room-hint"
            onInput={(event) => onRoom(event.currentTarget.value)}
          />
          <button
            type="button"
            class="icon-button"
            aria-label="Suggest another room"
            title="Suggest another room"
            onClick={() => onRoom(suggestRoomName())}
          >
            <Icon name="another" />
          </button>
        </div>
        <div class="room-hint">
          <p id="room-hint" class={`hint${noRoom ? ' wrong' : ''}`}>
            {noRoom ? 'A room’s name is of letters a to z, digits and - . _ ~' : roomHint(room, roomId)}
          </p>
          <Hoist text={roomId} />
        </div>
      </div>
      {needsToken ? <TokenField token={token} onToken={setToken} name={name} room={roomId} /> : null}
      <button type="submit" class="button primary enter" disabled={entering}>
        {entering ? 'Entering…' : 'Enter room'}
      </button>
    </form>
  );
}

function focus(id: string): void {
  document.getElementById(id)?.focus();
}

/** A name that becomes another room's is said before one enters. */
function roomHint(typed: string, roomId: string): string {
  return roomId === '' || typed.trim() === roomId
    ? 'All who open it meet you.'
    : `Its name will be ${roomId}.`;
}
