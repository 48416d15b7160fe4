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

/** A request that came at a random moment of a hold waited for half of it, on average over many. */
const EXPECTED_SHARE = 0.5;
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
  readonly #startedAtMs: number;
  readonly #durationMs: number;
  readonly #delayed: { readonly run: ViewRun; readonly delayedMs: number; readonly startOffsetMs: number }[] = [];
  readonly #accepted = new Set<unknown>();
  /** Since the heartbeat after the hold; null before it. */
  #turns: number | null = null;
  #acceptedNow = false;
  #isSettled = false;
  #tell: (() => void) | null = null;
  requests = 0;
  totalMs = 0;

  /** `performance.now()` milliseconds. */
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

  onSettled(tell: () => void): void {
    if (this.#isSettled) tell();
    else this.#tell = tell;
  }

  /** A run in flight when the hold ended. */
  sufferedBy(run: ViewRun): void {
    const delayedMs = this.#startedAtMs + this.#durationMs - Math.max(this.#startedAtMs, run.startedAtMs);
    if (delayedMs > 0) this.#add(run, delayedMs, run.startedAtMs - this.#startedAtMs);
  }

  /** A connection was accepted, which had waited in the kernel's queue. */
  accepted(socket: unknown): void {
    this.#acceptedNow = true;
    this.#accepted.add(socket);
  }

  /**
   * A run that had waited in its socket. Before the heartbeat: it had come before the hold, so it waited for all of it.
   * After: it came at some moment during the hold that nothing in the process can tell. (That those who queue behind
   * them wait less and less, down to nothing, comes to the same half.)
   */
  joinedBy(run: ViewRun, response: { readonly socket?: unknown }): void {
    if (this.#turns !== null && this.#turns > 0 && !this.#accepted.has(response.socket)) return;
    const share = this.#turns === null ? 1 : EXPECTED_SHARE;
    this.#add(run, this.#durationMs * share, this.#durationMs * (1 - share));
  }

  /** The first heartbeat after the hold: true; a later one: false. */
  beat(): boolean {
    if (this.#turns !== null) return false;
    this.#turns = 0;
    return true;
  }

  /** The loop has read what there was. False when nobody can come any more that waited for this hold. */
  turned(nowMs: number): boolean {
    const turns = (this.#turns ?? 0) + 1;
    this.#turns = turns;
    const isQueued = this.#acceptedNow && nowMs - this.#startedAtMs - this.#durationMs < LONGEST_QUEUE_MS;
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
