import { type DelayedRequest, LIMITS } from '../protocol/index.js';
import type { ViewRun } from './view-run.js';

/** Who waited for one hold of the loop. It may still grow until the loop has turned: see `RunsInFlight.add`. */
export interface Delay {
  /** How many requests waited. */
  readonly requests: number;
  /** What they waited, added up. */
  readonly totalMs: number;
  /** The worst of them, most delayed first; at most 50. */
  readonly worst: readonly DelayedRequest[];
}

export const NO_DELAY: Delay = { requests: 0, totalMs: 0, worst: [] };

/** A request that came at a random moment of a hold waited for half of it, on average over many. */
const EXPECTED_SHARE = 0.5;

/**
 * The view runs in flight, as a linked list through the runs themselves: joining and leaving cost a few writes and no
 * allocation. It is walked only when the loop was held, which is rare.
 */
export class RunsInFlight {
  #first: ViewRun | null = null;
  /** Holds whose late-comers are still being read from their sockets; null nearly always. */
  #open: OpenDelay[] | null = null;
  #hasTurned = false;

  /**
   * A run begins. Right after a hold it had been waiting in its socket. Before the next heartbeat it had come in the
   * same batch of events as the request that held the loop, so it waited for all of it. After the heartbeat, in the
   * first batch read since, it came at some moment during the hold that nothing in the process can tell.
   */
  add(run: ViewRun): void {
    run.next = this.#first;
    if (this.#first !== null) this.#first.previous = run;
    this.#first = run;
    if (this.#open !== null && run.response !== null) {
      for (const each of this.#open) each.joinedBy(run, this.#hasTurned ? EXPECTED_SHARE : 1);
    }
  }

  remove(run: ViewRun): void {
    if (run.previous !== null) run.previous.next = run.next;
    else if (this.#first === run) this.#first = run.next;
    if (run.next !== null) run.next.previous = run.previous;
    run.previous = run.next = null;
  }

  /** The run that will end with `response`. */
  findFor(response: object): ViewRun | undefined {
    for (let run = this.#first; run !== null; run = run.next) if (run.response === response) return run;
    return undefined;
  }

  /**
   * The loop was held from `startedAtMs` for `durationMs` (`performance.now()` milliseconds) by `culprit`: every other
   * run in flight lost its overlap with that.
   */
  delay(culprit: ViewRun | undefined, startedAtMs: number, durationMs: number): Delay {
    const delay = new OpenDelay(startedAtMs, durationMs);
    for (let run = this.#first; run !== null; run = run.next) if (run !== culprit) delay.sufferedBy(run);
    (this.#open ??= []).push(delay);
    return delay;
  }

  /** A heartbeat: the sockets are read next, and then nobody can have come during the hold any more. */
  loopTurned(): void {
    if (this.#open === null || this.#hasTurned) return;
    this.#hasTurned = true;
    setImmediate(() => {
      this.#open = null;
      this.#hasTurned = false;
    }).unref();
  }
}

class OpenDelay implements Delay {
  readonly #startedAtMs: number;
  readonly #durationMs: number;
  readonly #delayed: { readonly run: ViewRun; readonly delayedMs: number; readonly startOffsetMs: number }[] = [];
  requests = 0;
  totalMs = 0;

  constructor(startedAtMs: number, durationMs: number) {
    this.#startedAtMs = startedAtMs;
    this.#durationMs = durationMs;
  }

  get worst(): readonly DelayedRequest[] {
    this.#delayed.sort((a, b) => b.delayedMs - a.delayedMs);
    return this.#delayed.slice(0, LIMITS.delayedPerSample).map(({ run, delayedMs, startOffsetMs }) => {
      const { method, route } = run.view.view;
      return { method, route, delayedMs, startOffsetMs };
    });
  }

  /** A run in flight when the hold ended. */
  sufferedBy(run: ViewRun): void {
    const delayedMs = this.#startedAtMs + this.#durationMs - Math.max(this.#startedAtMs, run.startedAtMs);
    if (delayedMs > 0) this.#add(run, delayedMs, run.startedAtMs - this.#startedAtMs);
  }

  /** A run that had waited in its socket. */
  joinedBy(run: ViewRun, share: number): void {
    this.#add(run, this.#durationMs * share, this.#durationMs * (1 - share));
  }

  #add(run: ViewRun, delayedMs: number, startOffsetMs: number): void {
    run.waitMs += delayedMs;
    this.requests++;
    this.totalMs += delayedMs;
    // Its view is looked up when it is told: a run that has just begun has none yet.
    if (this.#delayed.length < LIMITS.delayedPerSample * 2) this.#delayed.push({ run, delayedMs, startOffsetMs });
  }
}
