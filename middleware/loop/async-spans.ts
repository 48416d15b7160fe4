import { type AsyncHook, createHook } from 'node:async_hooks';
import { currentRun, type ViewRun } from '../view-run.js';
import type { Accounting } from './accounting.js';

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

/**
 * The async hooks `before` and `after`, and nothing else: with `init` or a map they would cost ten times as much. The
 * run is read from AsyncLocalStorage, which Node has restored by the time `before` is called.
 */
class SpanHook {
  readonly #accounting: Accounting;
  readonly #hook: AsyncHook;
  #depth = 0;
  #openedAtDepth = 0;
  #weight = 1;

  constructor(accounting: Accounting) {
    this.#accounting = accounting;
    this.#hook = createHook({ before: () => this.#before(), after: () => this.#after() });
  }

  enable(weight: number): void {
    this.#weight = weight;
    this.#depth = 0;
    this.#openedAtDepth = 0;
    this.#hook.enable();
  }

  /** Enables it within a callback of `run`, whose `after` will end the span that is opened now. */
  enableWithin(run: ViewRun | undefined, startedAtMs: number, weight: number): void {
    this.enable(weight);
    if (run === undefined || !this.#accounting.open(run, startedAtMs, weight, true)) return;
    this.#depth = this.#openedAtDepth = 1;
  }

  disable(): void {
    this.#hook.disable();
    if (this.#openedAtDepth > 0) this.#accounting.close();
    this.#openedAtDepth = 0;
  }

  #before(): void {
    this.#depth++;
    const run = currentRun.getStore();
    if (run === undefined || this.#accounting.isOpenFor(run)) return;
    if (this.#accounting.open(run, performance.now(), this.#weight)) this.#openedAtDepth = this.#depth;
  }

  #after(): void {
    if (this.#openedAtDepth === this.#depth && this.#depth > 0) {
      this.#openedAtDepth = 0;
      this.#accounting.close();
    }
    // The hook may have been enabled within a callback, whose `after` then comes without a `before`.
    if (this.#depth > 0) this.#depth--;
  }
}

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

  loopTurned(): void {}

  arm(): void {}

  stalled(): void {}

  stop(): void {
    this.#hook.disable();
  }
}

/**
 * Of `period` intervals between heartbeats, `measured` in a row are measured. From Node 24 on a hook sees the end of an
 * `await` only if it was enabled when the `await` began (before, AsyncLocalStorage itself kept V8 telling): there the
 * hook is enabled `lead` intervals earlier, so that every `await` of up to 200 ms is seen.
 */
const PLAN =
  Number(process.versions.node.split('.')[0]) >= 24
    ? { period: 100, lead: 10, measured: 10 }
    : { period: 10, lead: 0, measured: 1 };
/** What each span stands for. */
const WEIGHT = PLAN.period / PLAN.measured;
/** How long `arm` measures everything, and for how much of each minute it may. Milliseconds. */
const ARMED_MS = 2000;
const ARMED_BUDGET_MS = 10_000;
const BUDGET_PERIOD_MS = 60_000;
/**
 * The rest of a stalled turn is measured because it stalls, which is no fair sample: only what is a block by itself
 * counts there, the rest counts by the fair sample.
 */
const STALLED_WEIGHT = 0;

/**
 * `accounting: 'windowed'`: it measures a tenth of the intervals between heartbeats, chosen at random, and lets each
 * span stand for ten. A span never crosses a heartbeat, and the choice knows nothing of what the interval will hold, so
 * the sum is right on average however the intervals are stretched by what runs in them (a window opened and closed by
 * timers of its own is not: a late opening widens it). Exactly a tenth, not each with a chance of a tenth: how
 * many are measured then adds nothing to the error.
 */
export class WindowedSpans implements AsyncSpans {
  readonly #hook: SpanHook;
  #open = false;
  /** What spans stand for now; null while nothing is measured, or only the rest of a stalled turn. */
  #weight: number | null = null;
  #openedAtMs = 0;
  #openMs = 0;
  #takenAtMs = performance.now();
  #armedUntilMs = 0;
  #budgetMs = ARMED_BUDGET_MS;
  #budgetFromMs = performance.now();
  /** The interval's place in its ten, and the place of the one that is measured. */
  #interval = 0;
  #chosen = chooseStart();

  constructor(accounting: Accounting) {
    this.#hook = new SpanHook(accounting);
  }

  takeSamplingRatio(): number {
    const nowMs = performance.now();
    if (this.#open) this.#countOpen(nowMs);
    const ratio = this.#openMs / Math.max(1, nowMs - this.#takenAtMs);
    this.#openMs = 0;
    this.#takenAtMs = nowMs;
    return Math.min(1, ratio);
  }

  loopTurned(nowMs: number): void {
    const place = this.#interval - this.#chosen;
    if (++this.#interval === PLAN.period) {
      this.#interval = 0;
      this.#chosen = chooseStart();
    }
    if (nowMs < this.#armedUntilMs) return;
    const isChosen = place >= 0 && place < PLAN.lead + PLAN.measured;
    const wanted = isChosen ? (place < PLAN.lead ? 0 : WEIGHT) : null;
    if (wanted !== null && wanted === this.#weight) return;
    this.#close(nowMs);
    if (wanted !== null) this.#enable(nowMs, wanted);
  }

  arm(nowMs: number): void {
    if (nowMs - this.#budgetFromMs > BUDGET_PERIOD_MS) {
      this.#budgetFromMs = nowMs;
      this.#budgetMs = ARMED_BUDGET_MS;
    }
    if (nowMs < this.#armedUntilMs || this.#budgetMs < ARMED_MS) return;
    this.#budgetMs -= ARMED_MS;
    this.#armedUntilMs = nowMs + ARMED_MS;
    this.#close(nowMs);
    this.#enable(nowMs, 1);
  }

  stalled(run: ViewRun | undefined, startedAtMs: number): void {
    // Measured already: whoever holds the loop has an open span.
    if (this.#open) return;
    this.#open = true;
    this.#openedAtMs = performance.now();
    this.#hook.enableWithin(run, startedAtMs, STALLED_WEIGHT);
  }

  stop(): void {
    this.#close(performance.now());
  }

  #enable(nowMs: number, weight: number): void {
    this.#open = true;
    this.#weight = weight;
    this.#openedAtMs = nowMs;
    this.#hook.enable(weight);
  }

  #close(nowMs: number): void {
    if (!this.#open) return;
    this.#hook.disable();
    this.#countOpen(nowMs);
    this.#open = false;
    this.#weight = null;
  }

  #countOpen(nowMs: number): void {
    if (this.#weight !== 0) this.#openMs += nowMs - this.#openedAtMs;
    this.#openedAtMs = nowMs;
  }
}

function chooseStart(): number {
  return Math.floor(Math.random() * (PLAN.period - PLAN.lead - PLAN.measured + 1));
}
