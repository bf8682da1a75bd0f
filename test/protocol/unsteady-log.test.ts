import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { RawClient } from './raw-client.ts';
import { startTestServer } from './test-server.ts';

const count = 150;

test.for([11, 12, 13])(
  'P3: on a log that is slow and loses answers, relays arrive once and in order both ways, by seed %i',
  async (unsteadySeed) => {
    const server = await startTestServer({ unsteadySeed });
    onTestFinished(() => server.close());
    const join = async (userId: string) => {
      const client = await RawClient.signIn(server.wsUrl, await server.token(userId));
      onTestFinished(() => client.close());
      const peerId = randomUUID();
      await client.join('unsteady', peerId);
      return { client, peerId };
    };
    const [ada, bob] = [await join('ada'), await join('bob')];
    const relay = (from: RawClient, to: string, negotiation: number) => {
      const kind = { case: 'offer', value: { sdp: 'v=0', negotiation } } as const;
      return from.request({ case: 'relay', value: { roomId: 'unsteady', to, body: { kind } } });
    };
    const sent = Array.from({ length: count }, (_, index) => index + 1);
    for (let first = 0; first < count; first += 50) {
      const some = sent.slice(first, first + 50);
      const replies = await Promise.all(
        some.flatMap((nth) => [relay(ada.client, bob.peerId, nth), relay(bob.client, ada.peerId, nth)]),
      );
      expect(replies.filter(({ result }) => result.case !== undefined)).toEqual([]);
    }
    for (const { client } of [ada, bob]) {
      await client.event('relay', count - 1);
      const heard = client.events('relay').map(({ body }) => body.value.body?.kind.value);
      expect(heard.map((offer) => (offer as { readonly negotiation: number }).negotiation)).toEqual(sent);
    }
    expect(server.logCuts).toBeGreaterThan(2);
  },
);
