import { HEARTBEAT_MS, hrtimeMs, type SharedState } from './shared.js';
import { Stall } from './stall.js';
import type { Starvation } from './starvation.js';

export interface StallListener {
  /** The loop has not turned for nearly the threshold. Called at once and then every `TICK_MS` while it lasts. */
  stalled(stall: Stall, nowMs: number): void;
  /** The loop turns again. */
  stallEnded(stall: Stall): void;
}

/** While a stall lasts. */
const TICK_MS = 10;
/**
 * A suspicion begins a little before the threshold: a block of just the threshold, begun right after a heartbeat, must
 * still be there when the stack is asked for.
 */
const SUSPECT_SHARE = 0.9;
const SLACK_MS = 2;

/**
 * Watches the main thread's heartbeat. It sleeps until the earliest moment at which a stall could be: a heartbeat is
 * at most 20 ms old, so a threshold of 50 ms costs some 25 wake-ups a second instead of 100, and no delay at all.
 */
export class StallDetector {
  readonly #shared: SharedState;
  readonly #starvation: Starvation;
  readonly #listener: StallListener;
  readonly #suspectMs: number;
  #timer: NodeJS.Timeout | undefined;
  #stall: Stall | null = null;

  constructor(parts: {
    shared: SharedState;
    starvation: Starvation;
    blockThresholdMs: number;
    listener: StallListener;
  }) {
    this.#shared = parts.shared;
    this.#starvation = parts.starvation;
    this.#listener = parts.listener;
    this.#suspectMs = Math.max(HEARTBEAT_MS + SLACK_MS, parts.blockThresholdMs * SUSPECT_SHARE);
    this.#sleep(TICK_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #tick(): void {
    const nowMs = hrtimeMs();
    this.#starvation.look(nowMs);
    const ageMs = this.#look(nowMs);
    this.#sleep(this.#stall === null ? Math.max(SLACK_MS, Math.ceil(this.#suspectMs - ageMs)) : TICK_MS);
  }

  #sleep(forMs: number): void {
    this.#starvation.sleeping(hrtimeMs(), forMs);
    this.#timer = setTimeout(() => this.#tick(), forMs);
  }

  /** How old the heartbeat is; 0 when there is none to judge by. */
  #look(nowMs: number): number {
    const { beats, heartbeatMs } = this.#shared;
    const stall = this.#stall;
    if (stall !== null && (beats !== stall.beats || this.#shared.debuggerOpen)) {
      stall.endedAtMs = beats === stall.beats ? nowMs : heartbeatMs;
      this.#stall = null;
      this.#listener.stallEnded(stall);
    }
    // Before the first beat nothing is known, and whoever is at a breakpoint is not blocked.
    if (beats === 0 || this.#shared.debuggerOpen) return 0;
    const ageMs = nowMs - heartbeatMs;
    if (ageMs < this.#suspectMs) return ageMs;
    this.#stall ??= new Stall(beats, heartbeatMs, nowMs);
    this.#listener.stalled(this.#stall, nowMs);
    return ageMs;
  }
}
