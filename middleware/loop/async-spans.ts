import type { ViewRun } from '../view-run.js';
import type { Accounting } from './accounting.js';
import { SpanHook } from './span-hook.js';

/** Finds the spans that begin after an `await`, in a timer or in an event. */
export interface AsyncSpans {
  /** The share of the time since the last call, 0 to 1, in which they were measured. */
  takeSamplingRatio(): number;
  /** At every heartbeat; `performance.now()` milliseconds. */
  loopTurned(nowMs: number): void;
  /** Measure everything for a while: the loop lags, or the watchdog wants to catch a block that it missed. */
  arm(nowMs: number): void;
  /**
   * In the middle of a stall, on top of the code that blocks: `run` (undefined: nobody's) has held the loop since
   * `startedAtMs`, and what runs in the rest of this turn of the loop is measured too.
   */
  stalled(run: ViewRun | undefined, startedAtMs: number): void;
  stop(): void;
}

/** `accounting: 'off'` */
export const NO_ASYNC_SPANS: AsyncSpans = {
  takeSamplingRatio: () => 0,
  loopTurned() {},
  arm() {},
  stalled() {},
  stop() {},
};

/** `accounting: 'exact'` */
export class ExactSpans implements AsyncSpans {
  readonly #hook: SpanHook;

  constructor(accounting: Accounting) {
    this.#hook = new SpanHook(accounting);
    this.#hook.enable(1);
  }

  takeSamplingRatio(): number {
    return 1;
  }

  loopTurned(): void {
    this.#hook.loopTurned();
  }

  arm(): void {}

  stalled(): void {}

  stop(): void {
    this.#hook.disable();
  }
}
