import { COLLECTOR_LIMITS } from './limits.js';
import { SumWindow } from './windows.js';

/** What was not kept, by what it was, over all processes and the collector itself. */
export class Losses {
  readonly #counts = new Map<string, number>();
  readonly #recent = new SumWindow(6, 10_000);

  /** Names may come from a stranger: beyond the limit they are counted together. */
  record(what: string, count: number, now: number): void {
    if (count <= 0) return;
    this.count(what, count);
    this.#recent.add(now, count);
  }

  /** The same, but no reason to speak of the last minute. */
  count(what: string, count: number): void {
    const name = this.#counts.has(what) || this.#counts.size < COLLECTOR_LIMITS.droppedNames ? what : 'other';
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
  }

  all(): IterableIterator<[string, number]> {
    return this.#counts.entries();
  }

  /** How many items were lost in the last minute. */
  recently(now: number): number {
    return this.#recent.total(now);
  }
}
