import type { JSX } from 'preact';
import type { Demo } from '../model/demo.ts';
import { Lobby } from './lobby.tsx';
import { RoomView } from './room-view.tsx';
import { useStore } from './use-store.ts';

export function App({ demo }: { readonly demo: Demo }): JSX.Element {
  const { session } = useStore(demo.store);
  return session === undefined ? <Lobby demo={demo} /> : <RoomView demo={demo} session={session} />;
}
