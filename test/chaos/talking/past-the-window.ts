import { settings } from '../../../src/process/settings.ts';
import type { Crowd, Member } from '../clients/crowd.ts';
import type { SeenLeaving } from '../clients/observations.ts';
import { hasRightView } from '../clients/room-view.ts';
import { sendOne } from '../clients/talk.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { PastWindow } from '../report/chaos-report.ts';
import type { Tally } from '../report/tally.ts';

export interface PastTheWindowOptions {
  readonly crowd: Crowd;
  /** Who is kept away, at most one of each room. */
  readonly away: readonly Member[];
  readonly tally: Tally;
  /** What else happens when they go: their node ends too, say. */
  readonly onGone?: () => void;
  /** How long the others may have to wait after that until they see them leave, in milliseconds. */
  readonly leftWithinMs: number;
}

export const windowMs = Number(settings.RECONNECTION_WINDOW_MS.fallback);
/** For how much longer a leave that comes too late is waited for. */
const lateMs = 3_000;
const returnTimeoutMs = 15_000;
/** The same where a promise is broken already. */
const brokenReturnTimeoutMs = 3_000;
const messages = 3;
/** How messages to and from one who stays away may end: the receiver is gone, or the sender before the answer came. */
const rightlyRefused = ['PEER_NOT_FOUND', 'OUTCOME_UNKNOWN'] as const;

/**
 * Keeps clients away for longer than their window, while the others talk to them and the rooms change, and lets them come back:
 * the others see each leave once, and who comes back is told, and has the room as it is.
 */
export async function pastTheWindow(options: PastTheWindowOptions): Promise<PastWindow> {
  const { crowd, away, tally, onGone, leftWithinMs } = options;
  const { ledger, observations, changes } = tally;
  const leftBefore = observations.left.length;
  const anewBefore = new Map(away.map(({ client }) => [client, observations.startsAnewOf(client.name)]));
  const peerIds = new Map(away.map((member) => [member, member.client.room.ownPeerId]));
  const leaves = () => observations.left.slice(leftBefore);

  const refusedBefore = refusedRightly(ledger);
  // In flight when the connection goes: whether they arrived is unknown.
  const inFlight = away.flatMap((member) => talkTimes(member, ledger));
  const goneAtMs = performance.now();
  // Before the links are cut: a node that dies must not hear of it.
  onGone?.();
  for (const { link } of away) link.keepAway();
  // Within the window a message is taken for whoever is away; with the window it goes.
  await Promise.all(away.flatMap((member) => talkTimes(member.partner(), ledger)));

  const witnessed = away.flatMap((member) =>
    crowd
      .inRoom(member.roomId)
      .filter((other) => !away.includes(other))
      .map((witness) => ({ seenBy: witness.client.name, peerId: peerIds.get(member) ?? '' })),
  );
  const seen = () => witnessed.filter((one) => leaves().some((leaving) => isOf(leaving, one)));
  const isSeen = await changes.until(() => seen().length === witnessed.length, leftWithinMs + lateMs);
  const timeoutMs = isSeen ? returnTimeoutMs : brokenReturnTimeoutMs;

  // The room goes on: what the client has of it is not true any more.
  await Promise.all(
    away.map((member) => member.partner().client.describe({ said: 'while the other was away' })),
  );
  await Promise.all(away.map((member) => sendOne(member.partner(), ledger)));
  for (const { link } of away) link.mend();
  const isBack = ({ client }: Member) =>
    observations.startsAnewOf(client.name) > (anewBefore.get(client) ?? 0);
  await changes.until(() => away.every(isBack), timeoutMs);
  const told = away.filter(isBack).length;
  await Promise.all(inFlight);
  await Promise.all(
    away.flatMap((member) => [...talkTimes(member, ledger), ...talkTimes(member.partner(), ledger)]),
  );
  await changes.until(() => ledger.open === 0 && ledger.missing === 0, timeoutMs);

  tally.rightlyLeft += seen().length;
  tally.rightlyAnew += told;
  tally.rightlyRefused += refusedRightly(ledger) - refusedBefore;
  const afterMs = leaves().map(({ atMs }) => Math.round(atMs - goneAtMs));
  const isLeftOnce = (member: Member) =>
    witnessed
      .filter(({ peerId }) => peerId === peerIds.get(member))
      .every((one) => {
        const [first, ...more] = leaves().filter((leaving) => isOf(leaving, one));
        if (first?.reason !== 'connection_lost' || more.length > 0) return false;
        const afterGoneMs = first.atMs - goneAtMs;
        return afterGoneMs >= windowMs && afterGoneMs <= leftWithinMs;
      });
  return {
    clients: away.length,
    left_once: away.filter(isLeftOnce).length,
    left_within_ms: leftWithinMs,
    left_after_ms: afterMs.length === 0 ? [0, 0] : [Math.min(...afterMs), Math.max(...afterMs)],
    told,
    right_snapshots: away.filter((member) => hasRightView(member, crowd)).length,
  };
}

/** What became of those who were kept away, one time after the other. */
export function allPastTheWindow(times: readonly PastWindow[]): PastWindow {
  const sum = (value: (time: PastWindow) => number) => times.reduce((total, time) => total + value(time), 0);
  return {
    clients: sum(({ clients }) => clients),
    left_once: sum(({ left_once }) => left_once),
    left_within_ms: Math.max(...times.map(({ left_within_ms }) => left_within_ms)),
    left_after_ms: [
      Math.min(...times.map(({ left_after_ms: [first] }) => first)),
      Math.max(...times.map(({ left_after_ms: [, last] }) => last)),
    ],
    told: sum(({ told }) => told),
    right_snapshots: sum(({ right_snapshots }) => right_snapshots),
  };
}

function refusedRightly({ rejected }: Ledger): number {
  return rightlyRefused.reduce((sum, code) => sum + (rejected[code] ?? 0), 0);
}

function talkTimes(member: Member, ledger: Ledger): Promise<void>[] {
  return Array.from({ length: messages }, () => sendOne(member, ledger));
}

function isOf(leaving: SeenLeaving, { seenBy, peerId }: Pick<SeenLeaving, 'seenBy' | 'peerId'>): boolean {
  return leaving.seenBy === seenBy && leaving.peerId === peerId;
}
