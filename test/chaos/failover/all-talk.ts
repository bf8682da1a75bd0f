import type { TalkingRun } from '../talking/talking-run.ts';

/** How long all may take to talk again once another primary is there. */
const backTimeoutMs = 20_000;

/** Until each client is connected, and has heard something that was said later than now. */
export async function allTalk({ crowd, until }: Pick<TalkingRun, 'crowd' | 'until'>): Promise<void> {
  const saidBefore = crowd.members.map(({ channel }) => [channel, channel.sent] as const);
  const isConnected = () => crowd.members.every(({ client }) => client.isConnected);
  const isHeard = () => saidBefore.every(([channel, sent]) => channel.highest >= sent);
  await until(() => isConnected() && isHeard(), backTimeoutMs);
}
