import { type DelayedRequest, LIMITS } from '../protocol/index.js';
import type { ViewRun } from './view-run.js';

/** Who waited for one hold of the loop. It may still grow until it is settled. */
export interface Delay {
  /** How many requests waited. */
  readonly requests: number;
  /** What they waited, added up. */
  readonly totalMs: number;
  /** The worst of them, most delayed first; at most 50. */
  readonly worst: readonly DelayedRequest[];
  /** Calls `tell` once everyone who waited is known, some turns of the loop later; at once when that is past. */
  onSettled(tell: () => void): void;
}

export const NO_DELAY: Delay = { requests: 0, totalMs: 0, worst: [], onSettled() {} };

/** Node accepts one connection a turn, so a queue of them lasts; for so long at most it is taken for the hold's. */
const LONGEST_QUEUE_MS = 200;
/** Entries about garbage collection, too, are two turns late. */
const LEAST_TURNS = 2;

/**
 * A hold whose late-comers are still being read from their sockets: first those that came in the same batch of events as
 * what held the loop; from the next heartbeat on those of the first batch read since; then those on new connections,
 * for as long as every turn of the loop accepts one.
 */
export class OpenDelay implements Delay {
  readonly startedAtMs: number;
  readonly #durationMs: number;
  readonly #notReadSinceMs: number;
  readonly #delayed: { readonly run: ViewRun; readonly delayedMs: number; readonly startOffsetMs: number }[] = [];
  readonly #accepted = new Set<unknown>();
  /** Since the heartbeat after the hold; null before it. */
  #turns: number | null = null;
  #acceptedNow = false;
  /** What a late-comer waited of the hold, 0 to 1. Whoever came in the same batch of events waited for all of it. */
  #share = 1;
  #isSettled = false;
  #tell: (() => void) | null = null;
  requests = 0;
  totalMs = 0;

  /**
   * `performance.now()` milliseconds. Since `notReadSinceMs` no socket has been read: the start of this hold, or of the
   * first of several in one turn of the loop.
   */
  constructor(startedAtMs: number, durationMs: number, notReadSinceMs: number) {
    this.startedAtMs = startedAtMs;
    this.#durationMs = durationMs;
    this.#notReadSinceMs = notReadSinceMs;
  }

  /** True until the first heartbeat after the hold. */
  get isFresh(): boolean {
    return this.#turns === null;
  }

  get worst(): readonly DelayedRequest[] {
    this.#delayed.sort((a, b) => b.delayedMs - a.delayedMs);
    return this.#delayed.slice(0, LIMITS.delayedPerSample).map(({ run, delayedMs, startOffsetMs }) => {
      const { method, route } = run.view.view;
      return { method, route, delayedMs, startOffsetMs };
    });
  }

  onSettled(tell: () => void): void {
    if (this.#isSettled) tell();
    else this.#tell = tell;
  }

  /** A run in flight when the hold ended. */
  sufferedBy(run: ViewRun): void {
    const delayedMs = this.startedAtMs + this.#durationMs - Math.max(this.startedAtMs, run.startedAtMs);
    if (delayedMs > 0) this.#add(run, delayedMs, run.startedAtMs - this.startedAtMs);
  }

  /** A connection was accepted, which had waited in the kernel's queue. */
  accepted(socket: unknown): void {
    this.#acceptedNow = true;
    this.#accepted.add(socket);
  }

  /** A run begins, which may have waited in its socket. */
  joinedBy(run: ViewRun, response: { readonly socket?: unknown }): void {
    if (this.#turns !== null && this.#turns > 0 && !this.#accepted.has(response.socket)) return;
    this.#add(run, this.#durationMs * this.#share, this.#durationMs * (1 - this.#share));
  }

  /**
   * The first heartbeat after the hold. Whoever is read from now on came at some moment since sockets were last read,
   * and nothing in the process can tell which: before the hold (then it waited for all of it), in it (for half, on
   * average) or after it. (That those who queue for being accepted wait less and less comes to the same half.)
   */
  beat(nowMs: number): void {
    this.#turns = 0;
    const beforeMs = this.startedAtMs - this.#notReadSinceMs;
    this.#share =
      (beforeMs + this.#durationMs / 2) / Math.max(nowMs - this.#notReadSinceMs, beforeMs + this.#durationMs);
  }

  /** The loop has read what there was. False when nobody can come any more that waited for this hold. */
  turned(nowMs: number): boolean {
    const turns = (this.#turns ?? 0) + 1;
    this.#turns = turns;
    const isQueued = this.#acceptedNow && nowMs - this.startedAtMs - this.#durationMs < LONGEST_QUEUE_MS;
    this.#acceptedNow = false;
    return turns < LEAST_TURNS || isQueued;
  }

  settle(): void {
    this.#isSettled = true;
    this.#tell?.();
  }

  #add(run: ViewRun, delayedMs: number, startOffsetMs: number): void {
    run.waitMs += delayedMs;
    this.requests++;
    this.totalMs += delayedMs;
    // Its view is looked up when it is told: a run that has just begun has none yet.
    if (this.#delayed.length < LIMITS.delayedPerSample * 2) this.#delayed.push({ run, delayedMs, startOffsetMs });
  }
}
