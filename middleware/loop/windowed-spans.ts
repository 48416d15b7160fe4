import { promiseHooks } from 'node:v8';
import type { ViewRun } from '../view-run.js';
import type { Accounting } from './accounting.js';
import type { AsyncSpans } from './async-spans.js';
import { MeasuringPlan } from './measuring-plan.js';
import { SpanHook } from './span-hook.js';

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
 * `accounting: 'windowed'`: it measures the intervals between heartbeats that the plan chooses, and lets each span stand
 * for the ones that were not measured. A span never crosses a heartbeat.
 */
export class WindowedSpans implements AsyncSpans {
  readonly #hook: SpanHook;
  readonly #stopTelling = keepAwaitsTold();
  readonly #plan = new MeasuringPlan();
  #open = false;
  /** What spans stand for now; null while nothing is measured, or only the rest of a stalled turn. */
  #weight: number | null = null;
  #openedAtMs = 0;
  #openMs = 0;
  #takenAtMs = performance.now();
  #armedUntilMs = 0;
  #budgetMs = ARMED_BUDGET_MS;
  #budgetFromMs = performance.now();

  constructor(accounting: Accounting) {
    this.#hook = new SpanHook(accounting);
  }

  takeSamplingRatio(): number {
    const nowMs = performance.now();
    if (this.#weight !== null) this.#countMeasured(nowMs);
    const ratio = this.#openMs / Math.max(1, nowMs - this.#takenAtMs);
    this.#openMs = 0;
    this.#takenAtMs = nowMs;
    return Math.min(1, ratio);
  }

  loopTurned(nowMs: number): void {
    const calls = this.#hook.takeCalls();
    this.#plan.next(this.#weight === null ? null : calls);
    const wanted = nowMs < this.#armedUntilMs ? 1 : this.#plan.weight;
    if (wanted !== null && wanted === this.#weight) {
      this.#hook.loopTurned();
      return;
    }
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
  }

  stalled(run: ViewRun | undefined, startedAtMs: number): void {
    // Measured already: whoever holds the loop has an open span.
    if (this.#open) return;
    this.#open = true;
    this.#hook.enableWithin(run, startedAtMs, STALLED_WEIGHT);
  }

  stop(): void {
    this.#close(performance.now());
    this.#stopTelling();
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
    if (this.#weight !== null) this.#countMeasured(nowMs);
    this.#open = false;
    this.#weight = null;
  }

  #countMeasured(nowMs: number): void {
    this.#openMs += nowMs - this.#openedAtMs;
    this.#openedAtMs = nowMs;
  }
}

/**
 * From Node 24 on, V8 tells a hook of the end of an `await` only if some hook was there when the `await` began. (Before,
 * AsyncLocalStorage itself was that hook.) So one that does nothing stays, at some 15 ns an `await`; else busy time after
 * an `await` that is longer than a window would never be seen. Returns what removes it.
 */
function keepAwaitsTold(): () => void {
  return Number(process.versions.node.split('.')[0]) >= 24 ? (promiseHooks.onAfter(() => {}) as () => void) : () => {};
}
