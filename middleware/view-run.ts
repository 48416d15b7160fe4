import { AsyncLocalStorage } from 'node:async_hooks';
import type { Delay } from './delay.js';
import type { OperationCall } from './guard/operation-call.js';
import type { ViewTotals } from './view-totals.js';

/** A sync-only operation that a run called before its route was found, and who waited for it. */
export interface EarlyCall {
  readonly call: OperationCall;
  readonly delay: Delay;
}

export const NO_CALLS: EarlyCall[] = [];

/** Of a run that ends without a word from its connection: nothing is ever in it. */
export const NO_CONNECTION = new Set<ViewRun>();

/** One request being served by a view, from the first middleware to the close of the response. */
export class ViewRun {
  /** Counts up from 1 within the process. */
  readonly id: number;
  /** The totals it counts into. Until the router has found the route, those of `(unmatched)`. */
  view: ViewTotals;
  /** The response it will end with; null once it has, and for work that no request started. */
  response: object | null;
  /** `performance.now()` at the first middleware. */
  readonly startedAtMs: number;
  /** How long it held the loop so far, until its response closed. */
  busyMs = 0;
  /** Its response has closed, and it counts no more; what it started may still run. */
  isFinished = false;
  /** How long it waited so far while others held the loop. */
  waitMs = 0;
  /** What it called before its route was found; `NO_CALLS`, shared and never written to, when there was nothing. */
  earlyCalls: EarlyCall[] = NO_CALLS;
  /** The mount prefixes above the router that the request is in now, as patterns. */
  mountPattern = '';
  /** The runs whose connection is listened to, if this one is among them; null until that is known. */
  connection: Set<ViewRun> | null;
  /** The neighbours in the list of runs in flight. */
  previous: ViewRun | null = null;
  next: ViewRun | null = null;

  constructor(id: number, view: ViewTotals, response: object | null, startedAtMs: number) {
    this.id = id;
    this.view = view;
    this.response = response;
    this.startedAtMs = startedAtMs;
    this.connection = response === null ? NO_CONNECTION : null;
  }

  /** It held the loop for `durationMs`. */
  held(durationMs: number): void {
    if (this.isFinished) this.view.lateBusyMs += durationMs;
    else this.busyMs += durationMs;
  }
}

/** Carries the view run through everything the request starts, also after an `await`. */
export const currentRun = new AsyncLocalStorage<ViewRun>();
