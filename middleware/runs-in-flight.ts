import { type DelayedRequest, LIMITS } from '../protocol/index.js';
import type { ViewRun } from './view-run.js';

/** Who waited for one hold of the loop. */
export interface Delay {
  /** How many requests waited. */
  readonly requests: number;
  /** What they waited, added up. */
  readonly totalMs: number;
  /** The worst of them, most delayed first; at most 50. */
  readonly worst: readonly DelayedRequest[];
}

export const NO_DELAY: Delay = { requests: 0, totalMs: 0, worst: [] };

/**
 * The view runs in flight, as a linked list through the runs themselves: joining and leaving cost a few writes and no
 * allocation. It is walked only when the loop was held, which is rare.
 */
export class RunsInFlight {
  #first: ViewRun | null = null;

  add(run: ViewRun): void {
    run.next = this.#first;
    if (this.#first !== null) this.#first.previous = run;
    this.#first = run;
  }

  remove(run: ViewRun): void {
    if (run.previous !== null) run.previous.next = run.next;
    else if (this.#first === run) this.#first = run.next;
    if (run.next !== null) run.next.previous = run.previous;
    run.previous = run.next = null;
  }

  find(id: number): ViewRun | undefined {
    for (let run = this.#first; run !== null; run = run.next) if (run.id === id) return run;
    return undefined;
  }

  /**
   * The loop was held from `startedAtMs` for `durationMs` (`performance.now()` milliseconds) by `culprit`: every other
   * run in flight lost its overlap with that.
   */
  delay(culprit: ViewRun | undefined, startedAtMs: number, durationMs: number): Delay {
    const endedAtMs = startedAtMs + durationMs;
    const delayed: DelayedRequest[] = [];
    let totalMs = 0;
    let requests = 0;
    for (let run = this.#first; run !== null; run = run.next) {
      if (run === culprit) continue;
      const delayedMs = endedAtMs - Math.max(startedAtMs, run.startedAtMs);
      if (delayedMs <= 0) continue;
      run.waitMs += delayedMs;
      requests++;
      totalMs += delayedMs;
      if (delayed.length < LIMITS.delayedPerSample) {
        const { method, route } = run.view.view;
        delayed.push({ method, route, delayedMs, startOffsetMs: run.startedAtMs - startedAtMs });
      }
    }
    delayed.sort((a, b) => b.delayedMs - a.delayedMs);
    return { requests, totalMs, worst: delayed };
  }
}
