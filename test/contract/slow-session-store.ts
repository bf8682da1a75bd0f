import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { SessionStore } from '../../src/server/port/session-store.ts';

const maxTurns = 6;

/** A store in another process: each call is carried out some turns of the event loop later, and so is each notice heard. */
export function slowSessionStore(store: SessionStore, seed: number): SessionStore {
  const random = xoroshiro128plus(seed);
  const someTurns = async () => {
    for (let turns = uniformInt(random, 0, maxTurns); turns > 0; turns--) await new Promise(setImmediate);
  };
  const late = async <Result>(call: () => Promise<Result>): Promise<Result> => {
    await someTurns();
    return call();
  };
  return {
    open: (request) => late(() => store.open(request)),
    attach: (request) => late(() => store.attach(request)),
    restore: (request) => late(() => store.restore(request)),
    detach: (ref, gen, windowMs) => late(() => store.detach(ref, gen, windowMs)),
    addRoom: (ref, gen, roomId, join) => late(() => store.addRoom(ref, gen, roomId, join)),
    removeRoom: (ref, gen, roomId, join) => late(() => store.removeRoom(ref, gen, roomId, join)),
    end: (ref, gen, reason) => late(() => store.end(ref, gen, reason)),
    forget: (ref) => late(() => store.forget(ref)),
    due: (node, limit) => late(() => store.due(node, limit)),
    adopt: (dead, node, limit) => late(() => store.adopt(dead, node, limit)),
    sessions: (userId) => late(() => store.sessions(userId)),
    async watch(node, listener) {
      await someTurns();
      let last = Promise.resolve();
      const later = (tell: () => void) => {
        last = last.then(someTurns).then(tell);
      };
      return store.watch(node, {
        onNotice: (notice) => later(() => listener.onNotice(notice)),
        onMissed: () => later(() => listener.onMissed()),
      });
    },
  };
}
