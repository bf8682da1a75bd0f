import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { toRoomId } from '../model/room-names.ts';

interface TokenFieldProps {
  readonly token: string;
  readonly onToken: (token: string) => void;
  /** For the command that is suggested. */
  readonly name: string;
  readonly room: string;
}

/** Where a token is pasted, on a server that gives none by itself. It takes the focus when it appears. */
export function TokenField({ token, onToken, name, room }: TokenFieldProps): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const user = toRoomId(name).toLowerCase();
  return (
    <div class="field">
      <label for="token">Token</label>
      <input
        ref={field}
        id="token"
        class="input"
        autoComplete="off"
        spellcheck={false}
        value={token}
        aria-describedby="token-hint"
        onInput={(event) => onToken(event.currentTarget.value)}
      />
      <p id="token-hint" class="hint">
        This server wants a token. Make one in a terminal beside it:
        <code class="command">
          npx parley token --user {user === '' ? 'ada' : user} --room {room === '' ? 'daily' : room}
        </code>
      </p>
    </div>
  );
}
