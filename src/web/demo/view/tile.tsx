import type { JSX } from 'preact';
import { Flag } from '../flags/flag.tsx';
import { linkWords, type Person } from '../model/room-state.ts';
import { Icon } from './icon.tsx';
import { useAudioLevel } from './use-audio-level.ts';
import { Video } from './video.tsx';

/** Louder than this counts as speaking. */
const speakingLevel = 0.4;

/** One person of the room: the picture, or the flag of the name, with how the connection is. */
export function Tile({ person }: { readonly person: Person }): JSX.Element {
  const level = useAudioLevel(person.micOn ? person.stream : undefined);
  const shown = person.cameraOn && person.stream !== undefined;
  return (
    <li
      class={`tile${level >= speakingLevel ? ' speaking' : ''}`}
      data-testid={person.own ? 'own-tile' : 'peer-tile'}
      data-peer-id={person.peerId}
      data-link={person.link}
    >
      {shown ? null : (
        <span class="tile-mast">
          <Flag text={person.name} class="flag-avatar" />
        </span>
      )}
      <Video
        stream={person.stream}
        own={person.own}
        visible={shown}
        label={person.own ? 'Your picture' : `Picture of ${person.name}`}
      />
      <p class="plate name-plate">
        {person.micOn ? null : <Icon name="micOff" />}
        <span class="name-plate-name">{person.own ? `${person.name} (you)` : person.name}</span>
        {person.micOn ? null : <span class="unseen">, microphone off</span>}
      </p>
      {person.link === undefined ? null : (
        <p class="plate link-plate" data-link={person.link}>
          <span class="dot" />
          {linkWords[person.link]}
        </p>
      )}
    </li>
  );
}
