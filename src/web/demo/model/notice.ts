/** Something that a person is told: what happened, and what it means or what to do now. */
export interface Notice {
  /** `waiting`: something is away, and the page tries to get it back by itself. */
  readonly tone: 'error' | 'info' | 'waiting';
  readonly title: string;
  readonly detail: string;
}

export function problem(title: string, detail: string): Notice {
  return { tone: 'error', title, detail };
}
