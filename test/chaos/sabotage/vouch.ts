// Preloaded into the server: of what a failover lost only those are told who saw it.
import { changeScripts } from './changed-scripts.ts';

changeScripts('not isLost(stream, epoch, offset)', 'true');
