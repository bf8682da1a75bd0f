import { useEffect, useState } from 'preact/hooks';
import type { Store } from '../model/store.ts';

/** The store's value; the component is drawn again when it changes. */
export function useStore<T extends object>(store: Store<T>): Readonly<T> {
  const [value, setValue] = useState(store.get());
  useEffect(() => {
    const read = () => setValue(store.get());
    read();
    return store.subscribe(read);
  }, [store]);
  return value;
}
