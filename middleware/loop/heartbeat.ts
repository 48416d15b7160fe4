import { Histogram, type HistogramData } from '../../protocol/index.js';
import { hrtimeMs, type SharedState } from '../watchdog/shared.js';

/** How often the loop shows that it turns. */
export const HEARTBEAT_PERIOD_MS = 20;

/** Told at every beat. */
export interface LoopListener {
  /** The loop turned at `nowMs` (`performance.now()`), having been busy for `activeMs` since the beat before. */
  loopTurned(nowMs: number, activeMs: number): void;
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
  #utilization = performance.eventLoopUtilization();

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
    const before = this.#utilization;
    this.#utilization = performance.eventLoopUtilization();
    // The listener goes first: it reads what the watchdog left about a stall, and the beat ends the stall.
    this.#listener.loopTurned(nowMs, this.#utilization.active - before.active);
    this.#shared.beat(this.toSharedMs(nowMs));
  }
}
