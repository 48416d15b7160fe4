import { type AsyncHook, createHook } from 'node:async_hooks';
import { currentRun } from '../view-run.js';
import type { Accounting } from './accounting.js';

/** Finds the spans that begin after an `await`, in a timer or in an event. */
export interface AsyncSpans {
  /** The share of the time since the last call, 0 to 1, in which they were measured. */
  takeSamplingRatio(): number;
  /** Measure everything for a while: the loop lags, or the watchdog wants to catch a block that it missed. */
  arm(): void;
  stop(): void;
}

/** `accounting: 'off'` */
export const NO_ASYNC_SPANS: AsyncSpans = {
  takeSamplingRatio: () => 0,
  arm() {},
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

  disable(): void {
    this.#hook.disable();
    if (this.#openedAtDepth > 0) this.#accounting.close();
    this.#openedAtDepth = 0;
  }

  #before(): void {
    this.#depth++;
    if (this.#accounting.isOpen) return;
    const run = currentRun.getStore();
    if (run === undefined) return;
    this.#accounting.open(run, performance.now(), this.#weight);
    this.#openedAtDepth = this.#depth;
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

  arm(): void {}

  stop(): void {
    this.#hook.disable();
  }
}

/** How long one random window lasts, and the pause from its end to the next on average. Milliseconds. */
const WINDOW_MS = 20;
const MEAN_PAUSE_MS = 180;
/** How long `arm` measures everything, and for how much of each minute it may. Milliseconds. */
const ARMED_MS = 2000;
const ARMED_BUDGET_MS = 10_000;
const BUDGET_PERIOD_MS = 60_000;

/**
 * `accounting: 'windowed'`: measures in short windows at random times, about a tenth of the time, and lets each span
 * stand for as many as the windows left out. The pauses are exponential, so no rhythm of the app can hide from them.
 */
export class WindowedSpans implements AsyncSpans {
  readonly #hook: SpanHook;
  #timer: NodeJS.Timeout;
  #open = false;
  #openedAtMs = 0;
  #openMs = 0;
  #takenAtMs = performance.now();
  #ratio = WINDOW_MS / (WINDOW_MS + MEAN_PAUSE_MS);
  #armedUntilMs = 0;
  #budgetMs = ARMED_BUDGET_MS;
  #budgetFromMs = performance.now();

  constructor(accounting: Accounting) {
    this.#hook = new SpanHook(accounting);
    this.#timer = this.#after(pauseMs(), () => this.#openWindow());
  }

  takeSamplingRatio(): number {
    const nowMs = performance.now();
    if (this.#open) this.#countOpen(nowMs);
    const ratio = this.#openMs / Math.max(1, nowMs - this.#takenAtMs);
    this.#openMs = 0;
    this.#takenAtMs = nowMs;
    return Math.min(1, ratio);
  }

  arm(): void {
    const nowMs = performance.now();
    if (nowMs - this.#budgetFromMs > BUDGET_PERIOD_MS) {
      this.#budgetFromMs = nowMs;
      this.#budgetMs = ARMED_BUDGET_MS;
    }
    if (nowMs < this.#armedUntilMs || this.#budgetMs < ARMED_MS) return;
    this.#budgetMs -= ARMED_MS;
    this.#armedUntilMs = nowMs + ARMED_MS;
    clearTimeout(this.#timer);
    this.#closeWindow();
    this.#enable(1);
    this.#timer = this.#after(ARMED_MS, () => this.#pause());
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#closeWindow();
  }

  #openWindow(): void {
    this.#enable(1 / this.#ratio);
    this.#timer = this.#after(WINDOW_MS, () => this.#pause());
  }

  #pause(): void {
    this.#closeWindow();
    this.#timer = this.#after(pauseMs(), () => this.#openWindow());
  }

  #enable(weight: number): void {
    this.#open = true;
    this.#openedAtMs = performance.now();
    this.#hook.enable(weight);
  }

  #closeWindow(): void {
    if (!this.#open) return;
    this.#hook.disable();
    this.#countOpen(performance.now());
    this.#open = false;
  }

  #countOpen(nowMs: number): void {
    this.#openMs += nowMs - this.#openedAtMs;
    this.#openedAtMs = nowMs;
  }

  #after(delayMs: number, task: () => void): NodeJS.Timeout {
    return setTimeout(task, delayMs).unref();
  }
}

/** An exponentially distributed pause: how long it has lasted says nothing about when it ends. */
function pauseMs(): number {
  return Math.min(10 * MEAN_PAUSE_MS, -MEAN_PAUSE_MS * Math.log(1 - Math.random()));
}
