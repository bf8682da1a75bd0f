// Preloaded into the server: gens are not compared, neither for a session nor for what it commits. Nor is a node told that a session was taken
// from it: where that comes before all else, it has nothing left to do wrong, and whether it does is chance.
import type * as Module from '../../../src/server/adapter/redis/session/session-notices.ts';
import { builtModule } from './built-module.ts';
import { changeScripts } from './changed-scripts.ts';

const { SessionNotices } = await builtModule<typeof Module>(
  'server/adapter/redis/session/session-notices.ts',
);
SessionNotices.prototype.tell = () => Promise.resolve();
changeScripts('if gen < source.gen then', 'if false then');
changeScripts("record.gen == tonumber(gen) and record.phase ~= 'ended'", "record.phase ~= 'ended'");
changeScripts('record.gen ~= tonumber(ARGV[2])', 'false');
