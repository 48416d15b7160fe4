import type { View } from '../../protocol/index.js';
import type { StackSample } from './messages.js';

/** One hold of the loop as the watchdog saw it: from the last heartbeat before it to the first one after. */
export class Stall {
  /** The heartbeat's count while it lasts. */
  readonly beats: number;
  /** The last heartbeat, `process.hrtime` milliseconds. The hold itself began up to a beat later. */
  readonly startedAtMs: number;
  /** The same, epoch milliseconds. */
  readonly startedAt: number;
  endedAtMs = Number.POSITIVE_INFINITY;
  readonly samples: StackSample[] = [];
  /** When it was last reported as lasting; 0 while it has not been. */
  reportedAtMs = 0;
  /** As which incident it was sent while it lasted. */
  shipped: ShippedStall | null = null;

  constructor(beats: number, startedAtMs: number, nowMs: number) {
    this.beats = beats;
    this.startedAtMs = startedAtMs;
    this.startedAt = Date.now() - (nowMs - startedAtMs);
  }

  ageMs(nowMs: number): number {
    return Math.min(nowMs, this.endedAtMs) - this.startedAtMs;
  }

  /** The samples that can be trusted to show this stall. */
  get stacks(): readonly StackSample[] {
    return this.samples.filter((sample) => !sample.late && sample.frames.length > 0);
  }
}

export interface ShippedStall {
  readonly view: View;
  /** The sample that stood for it, which its end must not change. */
  readonly sample: StackSample;
  /** Its age when it is sent again. */
  nextAtAgeMs: number;
}

/** Stalls end before their blocks are told of; this many are remembered. */
const KEPT = 64;

/** The last stalls, to find the one that a block was. */
export class RecentStalls {
  readonly #stalls: Stall[] = [];

  add(stall: Stall): void {
    this.#stalls.push(stall);
    if (this.#stalls.length > KEPT) this.#stalls.shift();
  }

  /** The stall that overlaps [`fromMs`, `toMs`] most, or null. */
  overlapping(fromMs: number, toMs: number): Stall | null {
    let found: Stall | null = null;
    let most = 0;
    for (const stall of this.#stalls) {
      const overlapMs = Math.min(toMs, stall.endedAtMs) - Math.max(fromMs, stall.startedAtMs);
      if (overlapMs > most) {
        most = overlapMs;
        found = stall;
      }
    }
    return found;
  }
}
