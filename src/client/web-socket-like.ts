/** As much of a WebSocket (WHATWG) as the client uses: that of browsers, Node 22, React Native, and the package `ws`. */
export interface WebSocketLike {
  binaryType: string;
  /** Where it is kept, a connection that still takes what was sent is not thought lost. */
  readonly bufferedAmount?: number;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(
    type: 'close',
    listener: (event: { readonly code: number; readonly reason: string }) => void,
  ): void;
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;
