/** About half a frame: what is drawn still has to be laid out and painted. */
const SLICE_MS = 5;

/**
 * Work in pieces, as many at a time as a short task holds, so that none of it keeps a key press or a frame waiting. What
 * is asked for again while it waits is done once.
 */
export class InTurn<Piece> {
  readonly #work: (piece: Piece) => void;
  readonly #waiting = new Set<Piece>();
  #timer = 0;

  constructor(work: (piece: Piece) => void) {
    this.#work = work;
  }

  ask(pieces: Iterable<Piece>): void {
    for (const piece of pieces) this.#waiting.add(piece);
    if (this.#timer === 0) this.#timer = setTimeout(this.#slice);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#waiting.clear();
  }

  readonly #slice = async (): Promise<void> => {
    const startedAt = performance.now();
    try {
      for (const piece of this.#waiting) {
        this.#waiting.delete(piece);
        this.#work(piece);
        // What the piece changed is drawn in a microtask of this task: before this goes on, and on its account.
        await null;
        if (performance.now() - startedAt >= SLICE_MS) break;
      }
    } finally {
      // A piece that fails takes nothing else with it.
      this.#timer = 0;
      if (this.#waiting.size > 0) this.ask([]);
    }
  };
}
