// What the client takes from its host without being given it: in every browser, Node and React Native. For
// tsconfig.client.json, which has neither the DOM's types nor Node's.
declare global {
  interface Performance {
    now(): number;
  }
  const performance: Performance;
  function setTimeout(callback: () => void, delayMs?: number): number;
  function clearTimeout(timer: number | undefined): void;
}

export {};
