/** Calls back whenever trying to reconnect became worthwhile; the returned function ends that. */
export type WakeSource = (callback: () => void) => () => void;

interface EventTargetLike {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

interface BrowserGlobals extends Partial<EventTargetLike> {
  readonly document?: Partial<EventTargetLike> & { readonly visibilityState?: string };
}

/** The network or the page coming back, where there is a browser; elsewhere never. */
export const browserWake: WakeSource = (callback) => {
  const browser = globalThis as unknown as BrowserGlobals;
  const { document } = browser;
  const onVisible = () => {
    if (document?.visibilityState === 'visible') callback();
  };
  browser.addEventListener?.('online', callback);
  document?.addEventListener?.('visibilitychange', onVisible);
  return () => {
    browser.removeEventListener?.('online', callback);
    document?.removeEventListener?.('visibilitychange', onVisible);
  };
};
