import type { Member } from '../clients/crowd.ts';
import type { TalkingRun } from './talking-run.ts';

/** How long all may take to talk again once what they need is there. */
const backTimeoutMs = 20_000;

/**
 * Until each client is connected, and its partner has heard something that it said later than now; while all talk. Those of whom that is
 * not so in time are noted as silent.
 */
export async function allTalk({
  crowd,
  tally,
  isOver,
  until,
}: Pick<TalkingRun, 'crowd' | 'isOver' | 'tally' | 'until'>): Promise<void> {
  const saidBefore = new Map(crowd.members.map((member) => [member, member.channel.sent]));
  const isSilent = (member: Member) => !isHeard(member, saidBefore.get(member) ?? 0);
  const isDone = await until(() => !crowd.members.some(isSilent), backTimeoutMs);
  if (!isDone && !isOver()) tally.silent += crowd.members.filter(isSilent).length;
}

/** Whether a client is connected, and its partner has heard what it said from this seq on. */
export function isHeard({ client, channel }: Member, from: number): boolean {
  return client.isConnected && channel.highest >= from;
}
