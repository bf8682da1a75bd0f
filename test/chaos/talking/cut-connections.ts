import type { PastWindow } from '../report/chaos-report.ts';
import type { CountOptions } from '../scenario.ts';
import { pastTheWindow, windowMs } from './past-the-window.ts';
import type { Aim, CrowdOptions, TalkingRun } from './talking-run.ts';

/** What a run whose connections are cut must reach. */
export const cutOptions = ({ relays, cuts }: { readonly relays: number; readonly cuts: number }) =>
  ({
    relays: { says: 'messages to be delivered', fallback: relays },
    cuts: { says: 'connections to be cut', fallback: cuts },
  }) satisfies CountOptions;

type CutRun = TalkingRun<CrowdOptions & ReturnType<typeof cutOptions>>;

/** How much later than its window a client may be seen to leave, on a machine that has much to do. */
const slackMs = 5_000;

/** Cuts every connection at random bytes until there were messages and cuts enough. */
export async function cutConnections({ crowd, counts, tally, tell, until }: CutRun): Promise<void> {
  tell('cutting');
  crowd.startCutting();
  await until(() => tally.ledger.delivered >= counts.relays && tally.cuts.total >= counts.cuts);
}

export function cuttingAims({ counts, tally: { ledger, cuts } }: CutRun): readonly Aim[] {
  return [
    { name: 'delivered', has: ledger.delivered, wants: counts.relays },
    { name: 'cuts', has: cuts.total, wants: counts.cuts },
    { name: 'cuts_in_flight', has: cuts.inFlight, wants: Math.floor(cuts.total / 2) + 1 },
  ];
}

/** Keeps one client of each room but the last away for longer than its window. */
export function keepSomeAway({ crowd, rooms, tally }: TalkingRun): Promise<PastWindow> {
  const away = rooms
    .slice(0, Math.max(1, rooms.length - 1))
    .flatMap((roomId) => crowd.inRoom(roomId).slice(0, 1));
  return pastTheWindow({ crowd, away, tally, leftWithinMs: windowMs + slackMs });
}
