import type { JSX } from 'preact';
import type { Journal } from '../model/journal.ts';
import { useStore } from './use-store.ts';

/** Says to a screen reader who came and went, and how the connection is. */
export function Announcer({ journal }: { readonly journal: Journal }): JSX.Element {
  const { announcement } = useStore(journal.store);
  return (
    <p class="unseen" role="status" aria-live="polite" data-testid="announcer">
      {announcement}
    </p>
  );
}
