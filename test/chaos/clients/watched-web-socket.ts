import { WebSocket } from 'ws';
import type { WebSocketConstructor } from '../../../src/client/index.ts';

/** A WebSocket for the SDK that tells of each connection which was open and is closed: whether the client closed it itself. */
export function watchedWebSocket(onClose: (byClient: boolean) => void): WebSocketConstructor {
  return class extends WebSocket {
    #isClosing = false;

    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      this.once('open', () => {
        this.once('close', () => {
          if (!this.#isClosing) onClose(false);
        });
      });
    }

    override close(code?: number, reason?: string): void {
      if (this.readyState === WebSocket.OPEN && !this.#isClosing) {
        this.#isClosing = true;
        onClose(true);
      }
      super.close(code, reason);
    }
  };
}
