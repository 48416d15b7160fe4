import type { SharedState } from './shared.js';

const ARMED_MS = 3000;
/** The hooks cost every `await` while armed, so there is only so much of it a minute. */
const BUDGET_MS = 10_000;
const BUDGET_PERIOD_MS = 60_000;

/** Asks the main thread to arm its accounting for a while after a block that nobody could be named for. */
export class Arming {
  readonly #shared: SharedState;
  #timer: NodeJS.Timeout | undefined;
  #periodStartMs = 0;
  #spentMs = 0;

  constructor(shared: SharedState) {
    this.#shared = shared;
  }

  arm(nowMs: number): void {
    if (nowMs - this.#periodStartMs > BUDGET_PERIOD_MS) {
      this.#periodStartMs = nowMs;
      this.#spentMs = 0;
    }
    if (this.#timer !== undefined || this.#spentMs + ARMED_MS > BUDGET_MS) return;
    this.#spentMs += ARMED_MS;
    this.#shared.armed = true;
    this.#timer = setTimeout(() => this.stop(), ARMED_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#shared.armed = false;
  }
}
