import { now } from '../clock.js';
import type { ViewRun } from '../view-run.js';
import type { SharedState } from '../watchdog/shared.js';

/** Told of every uninterrupted stretch in which one run held the loop. */
export interface SpanListener {
  /** Times are `performance.now()` milliseconds. */
  spanEnded(run: ViewRun, startedAtMs: number, endedAtMs: number): void;
}

/**
 * Who runs on the loop right now. A span is one uninterrupted stretch of a run's own code. At most one is open: what a
 * run calls synchronously is its own time, also when it enters the router again.
 */
export class Accounting {
  readonly #shared: SharedState;
  readonly #listener: SpanListener;
  readonly #thresholdMs: number;
  #run: ViewRun | null = null;
  #startedAtMs = 0;
  #weight = 1;
  /** Opened in the middle of the run's code, so nothing may come that closes it but the next span. */
  #adopted = false;

  constructor(shared: SharedState, listener: SpanListener, thresholdMs: number) {
    this.#shared = shared;
    this.#listener = listener;
    this.#thresholdMs = thresholdMs;
  }

  /**
   * Opens a span for `run` and returns true, or returns false when one is open already. `close` must follow a true.
   * A span that was sampled stands for `weight` of its kind, so that sums over many are right on average.
   */
  open(run: ViewRun, nowMs: number = now(), weight = 1, adopted = false): boolean {
    if (this.#run !== null) {
      if (!this.#adopted || this.#run === run) return false;
      this.close();
    }
    this.#adopted = adopted;
    this.#run = run;
    this.#startedAtMs = nowMs;
    this.#weight = weight;
    this.#shared.currentViewId = run.view.id;
    return true;
  }

  close(): void {
    const run = this.#run;
    if (run === null) return;
    this.#run = null;
    this.#shared.currentViewId = 0;
    const endedAtMs = now();
    const durationMs = endedAtMs - this.#startedAtMs;
    // Blocks are found whether spans are sampled or not, so a span that is one stands for itself alone.
    run.held(durationMs >= this.#thresholdMs ? durationMs : durationMs * this.#weight);
    this.#listener.spanEnded(run, this.#startedAtMs, endedAtMs);
  }

  /** The run on the loop, if it is the one that a response belongs to. */
  runningFor(response: object): ViewRun | null {
    return this.#run !== null && this.#run.response === response ? this.#run : null;
  }

  /** Some run's code is known to be on the loop. */
  get isOpen(): boolean {
    return this.#run !== null;
  }

  /** True when the run is on the loop already, so nothing need be opened for it. */
  isOpenFor(run: ViewRun): boolean {
    return this.#run === run;
  }

  /** The open span's run has found its view: the watchdog should know. */
  viewFound(run: ViewRun): void {
    if (this.#run === run) this.#shared.currentViewId = run.view.id;
  }

  /** No code of a run can be on the loop now; a span that a throw left open is forgotten. */
  abandon(): void {
    if (this.#run === null) return;
    this.#run = null;
    this.#shared.currentViewId = 0;
  }
}
