/**
 * Work in pieces, each in a task of its own, so that none of it keeps a key press or a frame waiting. What is asked for
 * again while it waits is done once.
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
    if (this.#timer === 0) this.#timer = setTimeout(this.#next);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#waiting.clear();
  }

  readonly #next = (): void => {
    this.#timer = 0;
    const [piece] = this.#waiting;
    if (piece === undefined) return;
    this.#waiting.delete(piece);
    this.#work(piece);
    if (this.#waiting.size > 0) this.ask([]);
  };
}
