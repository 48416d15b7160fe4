import { Histogram, type HistogramData } from '../protocol/index.js';

/** Sums over the last `slots × slotMs` milliseconds, the newest slot being still open. Its memory never grows. */
export class SumWindow {
  readonly #slots: Float64Array;
  readonly #slotMs: number;
  /** The number of the newest slot since the epoch; -1 before the first value. */
  #newest = -1;

  constructor(slots: number, slotMs: number) {
    this.#slots = new Float64Array(slots);
    this.#slotMs = slotMs;
  }

  add(nowMs: number, value: number): void {
    this.#advance(nowMs);
    const at = this.#newest % this.#slots.length;
    this.#slots[at] = (this.#slots[at] as number) + value;
  }

  /** The sum is made anew from the slots, so no rounding error gathers over the days. */
  total(nowMs: number): number {
    this.#advance(nowMs);
    let total = 0;
    for (const value of this.#slots) total += value;
    return total;
  }

  /** One sum a slot, oldest first. */
  values(nowMs: number): number[] {
    this.#advance(nowMs);
    const count = this.#slots.length;
    return Array.from({ length: count }, (_, i) => this.#slots[(this.#newest + 1 + i) % count] as number);
  }

  /** A clock that steps back keeps adding to the newest slot. */
  #advance(nowMs: number): void {
    const slot = Math.max(0, Math.floor(nowMs / this.#slotMs));
    if (slot <= this.#newest) return;
    if (slot - this.#newest >= this.#slots.length) this.#slots.fill(0);
    else for (let at = this.#newest + 1; at <= slot; at++) this.#slots[at % this.#slots.length] = 0;
    this.#newest = slot;
  }
}

const SLICES = 4;
const SLICE_MS = 15_000;

/** A histogram of the last 45 to 60 seconds: four slices of 15 s, of which the oldest is thrown away whole. */
export class HistogramWindow {
  readonly #slices: (Histogram | undefined)[] = [];
  readonly #numbers: number[] = [];

  merge(nowMs: number, data: HistogramData): void {
    if (data.count === 0) return;
    const number = Math.floor(nowMs / SLICE_MS);
    const at = number % SLICES;
    if (this.#numbers[at] !== number) {
      this.#numbers[at] = number;
      this.#slices[at]?.reset();
    }
    this.#slices[at] ??= new Histogram();
    this.#slices[at].merge(data);
  }

  data(nowMs: number): HistogramData {
    const newest = Math.floor(nowMs / SLICE_MS);
    const merged = new Histogram();
    for (let at = 0; at < SLICES; at++) {
      const slice = this.#slices[at];
      if (slice !== undefined && (this.#numbers[at] as number) > newest - SLICES) merged.merge(slice);
    }
    return merged;
  }
}
