const firstWords = [
  'amber',
  'bright',
  'calm',
  'clear',
  'early',
  'fair',
  'gentle',
  'green',
  'open',
  'quiet',
  'still',
  'sunny',
];
const secondWords = [
  'bay',
  'breeze',
  'cove',
  'dock',
  'harbor',
  'island',
  'lantern',
  'mast',
  'pier',
  'sail',
  'shore',
  'tide',
];

/** A room name that is easy to say aloud. `random` gives numbers from 0 up to 1. */
export function suggestRoomName(random: () => number = Math.random): string {
  return `${pick(firstWords, random)}-${pick(secondWords, random)}`;
}

/**
 * A room id from what a person typed: accents go, and what an id cannot hold becomes a dash. At most 128 characters; empty where
 * no letter or digit is left, as for a name of dots, which no path can name.
 */
export function toRoomId(typed: string): string {
  const id = typed
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9._~-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 128);
  return /[A-Za-z0-9]/.test(id) ? id : '';
}

function pick(words: readonly string[], random: () => number): string {
  return words[Math.floor(random() * words.length)] ?? '';
}
