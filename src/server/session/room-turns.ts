/**
 * Keeps what a session asks of one room in order: joins, leaves and changes wait for each other. What must only not
 * overtake them, such as a relay, asks whether a turn is running.
 */
export class RoomTurns {
  readonly #running = new Map<string, Promise<unknown>>();

  /** The turns that are running or waiting for a room; undefined: none. */
  pending(roomId: string): Promise<unknown> | undefined {
    return this.#running.get(roomId);
  }

  /** Runs a task after those that were asked for before it. */
  take<Result>(roomId: string, task: () => Promise<Result>): Promise<Result> {
    const before = this.#running.get(roomId);
    const turn = before === undefined ? task() : before.then(task);
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    this.#running.set(roomId, settled);
    void settled.then(() => {
      if (this.#running.get(roomId) === settled) this.#running.delete(roomId);
    });
    return turn;
  }
}
