// Preloaded into the server: gens are not compared, neither for a session nor for what it commits.
import { changeScripts } from './changed-scripts.ts';

changeScripts('if gen < source.gen then', 'if false then');
changeScripts("record.gen == tonumber(gen) and record.phase ~= 'ended'", "record.phase ~= 'ended'");
changeScripts('record.gen ~= tonumber(ARGV[2])', 'false');
