import type { CallKind } from '../guard/operation-call.js';
import type { RawFrame } from '../watchdog/messages.js';

interface Tally {
  count: number;
  totalMs: number;
  longestMs: number;
  /** The longest, or one like it. */
  longest: CallKind;
}

/** Of a block, the share that one operation's calls must fill to be what it was made of. */
const NOTEWORTHY_SHARE = 0.2;
const EXPLAINING_SHARE = 0.5;

/** What many small calls together made of a block: 200 × `fs.statSync` hold the loop as one long call does. */
export interface Composition {
  /** `200 × fs.statSync (95 ms)`, most time first; empty when no operation filled a share worth naming. */
  readonly note: string;
  /** Where the longest call came from, when its operation filled at least half; else null. */
  readonly stack: readonly RawFrame[] | null;
}

/** The sync-only operations since the loop last turned, none of which was a block by itself. */
export class SmallOperations {
  readonly #tallies = new Map<string, Tally>();

  add(call: CallKind, durationMs: number): void {
    const tally = this.#tallies.get(call.operation.name);
    if (tally === undefined) {
      this.#tallies.set(call.operation.name, { count: 1, totalMs: durationMs, longestMs: durationMs, longest: call });
      return;
    }
    tally.count++;
    tally.totalMs += durationMs;
    if (durationMs <= tally.longestMs) return;
    tally.longestMs = durationMs;
    tally.longest = call;
  }

  clear(): void {
    if (this.#tallies.size > 0) this.#tallies.clear();
  }

  /** What they made of a block of `durationMs`. */
  compositionOf(durationMs: number): Composition {
    const notable = [...this.#tallies]
      .filter(([, { totalMs }]) => totalMs >= durationMs * NOTEWORTHY_SHARE)
      .sort(([, a], [, b]) => b.totalMs - a.totalMs);
    const first = notable[0]?.[1];
    return {
      note: notable.map(([name, { count, totalMs }]) => `${count} × ${name} (${Math.round(totalMs)} ms)`).join(', '),
      stack: first !== undefined && first.totalMs >= durationMs * EXPLAINING_SHARE ? first.longest.site.frames : null,
    };
  }
}
