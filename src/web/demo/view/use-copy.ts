import { useEffect, useState } from 'preact/hooks';

const shownMs = 2500;

export interface Copying {
  /** `refused`: the browser does not let the page write to the clipboard. */
  readonly outcome: 'none' | 'copied' | 'refused';
  readonly copy: () => void;
  readonly dismiss: () => void;
}

/** Copies a text, and says for a moment that it did. A refusal stays until it is dismissed. */
export function useCopy(text: string): Copying {
  const [outcome, setOutcome] = useState<Copying['outcome']>('none');
  useEffect(() => {
    if (outcome !== 'copied') return;
    const timer = setTimeout(() => setOutcome('none'), shownMs);
    return () => clearTimeout(timer);
  }, [outcome]);
  return {
    outcome,
    copy: () => void writeToClipboard(text).then(setOutcome),
    dismiss: () => setOutcome('none'),
  };
}

async function writeToClipboard(text: string): Promise<'copied' | 'refused'> {
  try {
    await navigator.clipboard.writeText(text);
    return 'copied';
  } catch {
    // Refused, or not there at all: pages from an insecure address have no clipboard.
    return 'refused';
  }
}
