import type { JSX } from 'preact';
import type { Journal } from '../model/journal.ts';
import { useStore } from './use-store.ts';

const clockTime = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** What happened, the newest first. */
export function EventList({ journal }: { readonly journal: Journal }): JSX.Element {
  const { entries } = useStore(journal.store);
  return (
    <ol class="event-list" data-testid="events" tabIndex={0} aria-label="Events, the newest first">
      {entries.map((entry) => (
        <li key={entry.number} class={`event ${entry.kind}`}>
          <time dateTime={entry.at.toISOString()}>{clockTime.format(entry.at)}</time>
          <span>{entry.text}</span>
        </li>
      ))}
    </ol>
  );
}
