import type { ViewTotals } from './view-totals.js';

/** So many are counted in one go: some 10 µs of work. */
const BATCH = 256;
const VALUES = 3;

/**
 * The times of runs that have finished, until they are counted into their views' histograms. Done for each request, the
 * counting is code that the processor has to fetch anew every time, which costs ten times as much as the counting.
 */
export class FinishedRuns {
  readonly #views: ViewTotals[] = [];
  /** Duration, busy and wait of each, in milliseconds. */
  readonly #timesMs = new Float64Array(BATCH * VALUES);
  #count = 0;

  add(view: ViewTotals, durationMs: number, busyMs: number, waitMs: number): void {
    const at = this.#count * VALUES;
    this.#views[this.#count++] = view;
    this.#timesMs[at] = durationMs;
    this.#timesMs[at + 1] = busyMs;
    this.#timesMs[at + 2] = waitMs;
    if (this.#count === BATCH) this.count();
  }

  /** Counts those that wait for it. */
  count(): void {
    const timesMs = this.#timesMs;
    for (let i = 0; i < this.#count; i++) {
      const { duration, busy, wait } = this.#views[i] as ViewTotals;
      const at = i * VALUES;
      duration.record((timesMs[at] as number) / 1000);
      busy.record((timesMs[at + 1] as number) / 1000);
      wait.record((timesMs[at + 2] as number) / 1000);
    }
    this.#count = 0;
  }
}
