/** What nobody sees: controls, unassigned characters, zero-width spaces and joiners, and marks that turn the writing direction. */
const unseen = /[\p{Cc}\p{Cn}\p{Co}\p{Cs}\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;

/** A name as it can be shown to others: without what nobody sees. Empty: nothing to be seen is in it. */
export function visibleName(text: string): string {
  const name = text.replace(unseen, '').trim();
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(name) ? name : '';
}
