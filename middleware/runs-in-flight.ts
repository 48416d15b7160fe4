import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type Delay, OpenDelay } from './delay.js';
import type { ViewRun } from './view-run.js';

/** Published by Node for each connection that a server accepts. */
const CONNECTION_ACCEPTED = 'net.server.socket';

/**
 * The view runs in flight, as a linked list through the runs themselves: joining and leaving cost a few writes and no
 * allocation. It is walked only when the loop was held, which is rare.
 */
export class RunsInFlight {
  #first: ViewRun | null = null;
  /** Holds whose late-comers are still being read; null nearly always. */
  #open: OpenDelay[] | null = null;
  readonly #onAccepted = (message: unknown): void => {
    for (const each of this.#open ?? []) each.accepted((message as { socket?: unknown }).socket);
  };

  /** A run begins. Right after a hold it had been waiting in its socket. */
  add(run: ViewRun): void {
    run.next = this.#first;
    if (this.#first !== null) this.#first.previous = run;
    this.#first = run;
    if (this.#open !== null && run.response !== null) for (const each of this.#open) each.joinedBy(run, run.response);
  }

  remove(run: ViewRun): void {
    if (run.previous !== null) run.previous.next = run.next;
    else if (this.#first === run) this.#first = run.next;
    if (run.next !== null) run.next.previous = run.previous;
    run.previous = run.next = null;
  }

  /** Those that began at `sinceMs` (`performance.now()`) or later. */
  startedSince(sinceMs: number): ViewRun[] {
    const runs: ViewRun[] = [];
    for (let run = this.#first; run !== null && run.startedAtMs >= sinceMs; run = run.next) runs.push(run);
    return runs;
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
    const fresh = this.#open?.filter((each) => each.isFresh) ?? [];
    const notReadSinceMs = Math.min(startedAtMs, ...fresh.map((each) => each.startedAtMs));
    const delay = new OpenDelay(startedAtMs, durationMs, notReadSinceMs);
    for (let run = this.#first; run !== null; run = run.next) if (run !== culprit) delay.sufferedBy(run);
    if (this.#open === null) {
      this.#open = [];
      subscribe(CONNECTION_ACCEPTED, this.#onAccepted);
    }
    this.#open.push(delay);
    return delay;
  }

  /** A heartbeat: the sockets are read next. */
  loopTurned(nowMs: number): void {
    const fresh = this.#open?.filter((each) => each.isFresh) ?? [];
    for (const each of fresh) each.beat(nowMs);
    if (fresh.length > 0) this.#follow(fresh);
  }

  /** The immediates count, so that the loop does not sleep in between: whoever comes in its sleep has not waited. */
  #follow(delays: readonly OpenDelay[]): void {
    setImmediate(() => {
      const nowMs = performance.now();
      const stillOpen = delays.filter((each) => each.turned(nowMs));
      for (const each of delays) if (!stillOpen.includes(each)) this.#settle(each);
      if (stillOpen.length > 0) this.#follow(stillOpen);
    });
  }

  #settle(delay: OpenDelay): void {
    const open = this.#open?.filter((each) => each !== delay) ?? [];
    this.#open = open.length === 0 ? null : open;
    if (this.#open === null) unsubscribe(CONNECTION_ACCEPTED, this.#onAccepted);
    delay.settle();
  }
}
