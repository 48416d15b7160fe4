import { AsyncLocalStorage } from 'node:async_hooks';
import type { ViewTotals } from './recorder.js';

/** One request being served by a view, from the first middleware to the close of the response. */
export class ViewRun {
  /** Counts up from 1 within the process. */
  readonly id: number;
  /** The totals it counts into. Until the router has found the route, those of `(unmatched)`. */
  view: ViewTotals;
  /** `performance.now()` at the first middleware. */
  readonly startedAtMs: number;
  /** How long it held the loop so far. */
  busyMs = 0;
  /** How long it waited so far while others held the loop. */
  waitMs = 0;
  /** The neighbours in the list of runs in flight. */
  previous: ViewRun | null = null;
  next: ViewRun | null = null;

  constructor(id: number, view: ViewTotals, startedAtMs: number) {
    this.id = id;
    this.view = view;
    this.startedAtMs = startedAtMs;
  }
}

/** Carries the view run through everything the request starts, also after an `await`. */
export const currentRun = new AsyncLocalStorage<ViewRun>();
