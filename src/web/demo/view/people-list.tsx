import type { JSX } from 'preact';
import { Flag } from '../flags/flag.tsx';
import type { RoomSession } from '../model/room-session.ts';
import { linkWords, type Person } from '../model/room-state.ts';
import { describeRoute, type Route } from '../model/route.ts';
import { Icon } from './icon.tsx';
import { useRoute } from './use-route.ts';

interface PeopleListProps {
  readonly people: readonly Person[];
  readonly session: RoomSession;
}

export function PeopleList({ people, session }: PeopleListProps): JSX.Element {
  return (
    <ul class="people" data-testid="people" tabIndex={0} aria-label="People in the room">
      {people.map((person) => (
        <PersonRow key={person.peerId} person={person} session={session} />
      ))}
    </ul>
  );
}

function PersonRow({
  person,
  session,
}: {
  readonly person: Person;
  readonly session: RoomSession;
}): JSX.Element {
  const route = useRoute(session, person);
  return (
    <li class="person">
      <Flag text={person.name} />
      <span class="person-words">
        <span class="person-name">{person.name}</span>
        <span class="hint link-words" data-link={person.link}>
          {describe(person, route)}
        </span>
      </span>
      <DeviceMark on={person.micOn} device="mic" words="Microphone" />
      <DeviceMark on={person.cameraOn} device="camera" words="Camera" />
    </li>
  );
}

function describe({ link }: Person, route: Route | undefined): string {
  if (link === undefined) return 'You';
  return route === undefined ? linkWords[link] : describeRoute(route);
}

interface DeviceMarkProps {
  readonly on: boolean;
  readonly device: 'mic' | 'camera';
  readonly words: string;
}

function DeviceMark({ on, device, words }: DeviceMarkProps): JSX.Element {
  return (
    <span class={`device-mark${on ? '' : ' struck'}`}>
      <Icon name={on ? device : `${device}Off`} />
      <span class="unseen">
        {words} {on ? 'on' : 'off'}
      </span>
    </span>
  );
}
