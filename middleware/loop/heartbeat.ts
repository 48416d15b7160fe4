import { Histogram, type HistogramData } from '../../protocol/index.js';
import { hrtimeMs, type SharedState } from '../watchdog/shared.js';

/** How often the loop shows that it turns. */
const HEARTBEAT_PERIOD_MS = 20;

/** Told at every beat. */
export interface LoopListener {
  /** The loop turned at `nowMs` (`performance.now()`), having been idle for `idleMs` since the beat before. */
  loopTurned(nowMs: number, idleMs: number): void;
}

/**
 * A timer on the loop: how late it runs is the loop's delay, and the watchdog sees from its beats that the loop turns.
 * Our own histogram, since `monitorEventLoopDelay` is reset by whoever else reads it.
 */
export class Heartbeat {
  readonly #shared: SharedState;
  readonly #listener: LoopListener;
  readonly #delay = new Histogram();
  readonly #timer: NodeJS.Timeout;
  readonly #clockOffsetMs = hrtimeMs() - performance.now();
  #lastMs = performance.now();
  #idleBeforeMs = performance.eventLoopUtilization().idle;

  constructor(shared: SharedState, listener: LoopListener) {
    this.#shared = shared;
    this.#listener = listener;
    shared.beat(this.toSharedMs(this.#lastMs));
    this.#timer = setInterval(() => this.#beat(), HEARTBEAT_PERIOD_MS);
    this.#timer.unref();
  }

  /** `performance.now()` milliseconds as the clock that the watchdog shares. */
  toSharedMs(nowMs: number): number {
    return nowMs + this.#clockOffsetMs;
  }

  fromSharedMs(sharedMs: number): number {
    return sharedMs - this.#clockOffsetMs;
  }

  /** How long the loop has been idle since the last beat. */
  get idleMs(): number {
    return performance.eventLoopUtilization().idle - this.#idleBeforeMs;
  }

  takeDelay(): HistogramData {
    return this.#delay.take();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    const nowMs = performance.now();
    const lateMs = nowMs - this.#lastMs - HEARTBEAT_PERIOD_MS;
    this.#lastMs = nowMs;
    this.#delay.record(lateMs > 0 ? lateMs / 1000 : 0);
    const idleMs = this.idleMs;
    this.#idleBeforeMs += idleMs;
    // The listener goes first: it reads what the watchdog left about a stall, and the beat ends the stall.
    this.#listener.loopTurned(nowMs, idleMs);
    this.#shared.beat(this.toSharedMs(nowMs));
  }
}
