import { RedisScript } from './redis-script.ts';

const script = (file: string) => RedisScript.load(import.meta.url, 'session.lua', file);

/** What is done in a user's slot. Each says how it bears being carried out twice. */
export const sessionScripts = {
  open: script('session-open.lua'),
  attach: script('session-attach.lua'),
  detach: script('session-detach.lua'),
  addRoom: script('session-add-room.lua'),
  removeRoom: script('session-remove-room.lua'),
  end: script('session-end.lua'),
  forget: script('session-forget.lua'),
  adopt: script('session-adopt.lua'),
  look: script('session-look.lua'),
};
