import { startPeerServer } from '../peer-server.ts';
import { openSocketIo } from '../socket-io-client.ts';
import type { Pair, Subject } from '../subject.ts';
import { type ClusterPart, startNodes } from './nodes.ts';

/** Through one Redis stream, of which each message is a position that a client recovers from: what Socket.IO promises most with. */
export const socketIoStreams = subject('socket.io-streams', 'socket-io-streams-server.ts', {
  hasPositions: true,
});

/** By pub/sub: nothing is kept. The sharded adapter, since a trial found it cheaper than the plain one. */
export const socketIoPubSub = subject('socket.io-pubsub', 'socket-io-pubsub-server.ts', {
  hasPositions: false,
});

function subject(
  name: string,
  program: string,
  { hasPositions }: { readonly hasPositions: boolean },
): Subject<ClusterPart> {
  return {
    name,
    async start() {
      const nodes = await startNodes((redisUrl) => startPeerServer(`cluster/servers/${program}`, redisUrl));
      let positions = 0;
      return {
        ...nodes,
        connect: (index, received) =>
          connect(index, [nodes.sending.url, nodes.receiving.url], (bytes, position) => {
            if (position !== undefined) positions++;
            received(bytes);
          }),
        /** Each message says where a client recovers from, or none does. */
        audit(relayed) {
          const expected = hasPositions ? relayed : 0;
          if (positions === expected) return Promise.resolve();
          return Promise.reject(new Error(`${positions} messages had a position, ${expected} should have`));
        },
      };
    },
  };
}

async function connect(
  index: number,
  [senderUrl, receiverUrl]: readonly [string, string],
  received: (bytes: Buffer, position: string | undefined) => void,
): Promise<Pair> {
  const [sender, receiver] = await Promise.all([
    openSocketIo(senderUrl, `${index}/a`),
    openSocketIo(receiverUrl, `${index}/b`),
  ]);
  receiver.on('relay', ({ sdp }: { readonly sdp: string }, position?: string) =>
    received(Buffer.from(sdp, 'latin1'), position),
  );
  let unanswered = 0;
  return {
    send(sdp) {
      unanswered++;
      sender.emit('relay', { to: `${index}/b`, sdp }, () => unanswered--);
    },
    get unanswered() {
      return unanswered;
    },
    close() {
      sender.disconnect();
      receiver.disconnect();
    },
  };
}
