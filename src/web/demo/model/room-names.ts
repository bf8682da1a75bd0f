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

/** A room id from what a person typed: spaces become dashes, what an id cannot hold goes. At most 128 characters. */
export function toRoomId(typed: string): string {
  return typed
    .trim()
    .normalize('NFD')
    .replace(/\s+/g, '-')
    .replace(/[^A-Za-z0-9._~-]/g, '')
    .slice(0, 128);
}

function pick(words: readonly string[], random: () => number): string {
  return words[Math.floor(random() * words.length)] ?? '';
}
