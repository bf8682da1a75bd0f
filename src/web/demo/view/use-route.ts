import { useEffect, useState } from 'preact/hooks';
import type { RoomSession } from '../model/room-session.ts';
import type { Person } from '../model/room-state.ts';
import type { Route } from '../model/route.ts';

const readEveryMs = 3000;

/** The way that media takes to a connected person, read again every three seconds. */
export function useRoute(session: RoomSession, { peerId, link }: Person): Route | undefined {
  const [route, setRoute] = useState<Route>();
  useEffect(() => {
    if (link !== 'connected') return;
    const read = () => {
      session.readRoute(peerId).then(setRoute, () => setRoute(undefined));
    };
    read();
    const timer = setInterval(read, readEveryMs);
    return () => {
      clearInterval(timer);
      setRoute(undefined);
    };
  }, [session, peerId, link]);
  return route;
}
