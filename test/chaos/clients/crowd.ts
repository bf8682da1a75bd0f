import { Random } from '../../seeded-run/random.ts';
import type { Channel } from '../ledger/channel.ts';
import type { Nodes } from '../nodes/nodes.ts';
import { CutPlan } from '../proxy/cut-plan.ts';
import { CuttingLink } from '../proxy/cutting-link.ts';
import type { Tally } from '../report/tally.ts';
import { ChaosClient } from './chaos-client.ts';

export interface CrowdOptions {
  readonly nodes: Nodes;
  readonly tally: Tally;
  readonly seed: number;
  readonly rooms: readonly string[];
  readonly pairs: number;
  /** How many bytes a connection carries at most in the direction in which it will be cut, after the handshake. */
  readonly maxBytesBeforeCut: number;
  /** How long a token holds, in seconds; absent: an hour. */
  readonly tokenLifeS?: number;
}

/** Streams of chance: one a client for what it says, one for its cuts below 0, and from here one for the nodes it goes to. */
const nodeChoices = 1_000_000;

/** A client with its network, and the other one of its pair, in the same room. */
export interface Member {
  readonly roomId: string;
  readonly client: ChaosClient;
  readonly link: CuttingLink;
  /** What it says to the other. */
  readonly channel: Channel;
  readonly random: Random;
  /** The name of the node that it is connected to, or was last. */
  readonly node: () => string;
  /** The other of its pair. */
  readonly partner: () => Member;
}

/** Pairs of clients, spread over rooms, each client behind a link of its own. */
export class Crowd {
  readonly members: readonly Member[];

  private constructor(members: readonly Member[]) {
    this.members = members;
  }

  static async enter(options: CrowdOptions): Promise<Crowd> {
    const members: Member[] = [];
    for (let pair = 0; pair < options.pairs; pair++) {
      const roomId = options.rooms[pair % options.rooms.length] ?? '';
      const [one, two] = await Promise.all([
        enterMember(options, roomId, 2 * pair),
        enterMember(options, roomId, 2 * pair + 1),
      ]);
      const left: Member = { ...one, partner: () => right };
      const right: Member = { ...two, partner: () => left };
      members.push(left, right);
    }
    return new Crowd(members);
  }

  inRoom(roomId: string): readonly Member[] {
    return this.members.filter((member) => member.roomId === roomId);
  }

  startCutting(): void {
    for (const { link } of this.members) link.startCutting();
  }

  mend(): void {
    for (const { link } of this.members) link.mend();
  }

  async close(): Promise<void> {
    await Promise.all(this.members.map(({ client }) => client.close()));
    await Promise.all(this.members.map(({ link }) => link.close()));
  }
}

async function enterMember(
  { nodes, tally, seed, maxBytesBeforeCut, tokenLifeS }: CrowdOptions,
  roomId: string,
  index: number,
): Promise<Omit<Member, 'partner'>> {
  const { ledger, observations, cuts, moves, changes } = tally;
  const name = nameOf(index);
  const random = new Random(seed, index);
  const nodeChoice = new Random(seed, nodeChoices + index);
  const link = await CuttingLink.open({
    serverPort: () => {
      const port = nodes.portFor(nodeChoice);
      // One that goes to the node that drains moves nobody.
      if (port !== undefined && nodes.isRunningAt(port)) moves.came();
      return port;
    },
    plan: new CutPlan(new Random(seed, -1 - index), maxBytesBeforeCut),
    onCut: ({ kind }) => {
      cuts.add(kind, { inFlight: ledger.hasOpen(name), inHandshake: !client.isConnected });
      changes.ring();
    },
  });
  const node = () => nodes.nameAt(link.lastServerPort);
  const client: ChaosClient = await ChaosClient.enter({
    name,
    roomId,
    url: `ws://127.0.0.1:${link.port}/ws`,
    token: () => {
      tally.tokensGiven += 1;
      return nodes.token(name, tokenLifeS === undefined ? {} : { expiresInS: tokenLifeS });
    },
    node,
    ledger,
    observations,
    onGoAway: (afterMs) => moves.told(afterMs),
    onClose: (byClient) => {
      moves.closed({ byClient, inFlight: ledger.hasOpen(name) });
      changes.ring();
    },
  });
  return { roomId, client, link, random, node, channel: ledger.channel(name, nameOf(index ^ 1)) };
}

function nameOf(index: number): string {
  return `client-${index}`;
}
