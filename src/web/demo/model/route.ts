/** The way that media takes to a peer. */
export interface Route {
  /** Through a TURN server, not directly. */
  readonly relayed: boolean;
  /** Undefined: not measured yet. */
  readonly roundTripMs: number | undefined;
}

type Stat = Readonly<Record<string, unknown>>;

/** The route from a connection's statistics (W3C WebRTC Statistics). Undefined: there is none yet. */
export function routeFrom(report: { forEach(callback: (stat: Stat) => void): void }): Route | undefined {
  const stats: Stat[] = [];
  report.forEach((stat) => stats.push(stat));
  const pair = selectedPair(stats);
  if (pair === undefined) return undefined;
  const ends = stats.filter(({ id }) => id === pair['localCandidateId'] || id === pair['remoteCandidateId']);
  const seconds = pair['currentRoundTripTime'];
  return {
    relayed: ends.some((candidate) => candidate['candidateType'] === 'relay'),
    roundTripMs: typeof seconds === 'number' ? Math.round(seconds * 1000) : undefined,
  };
}

/** Browsers name the pair in the transport; Firefox marks the pair itself. */
function selectedPair(stats: readonly Stat[]): Stat | undefined {
  const named = stats.find(({ type }) => type === 'transport')?.['selectedCandidatePairId'];
  return stats.find(
    ({ type, id, selected }) => type === 'candidate-pair' && (id === named || selected === true),
  );
}

export function describeRoute({ relayed, roundTripMs }: Route): string {
  const way = relayed ? 'Through a relay' : 'Direct';
  return roundTripMs === undefined ? way : `${way}, ${roundTripMs} ms`;
}
