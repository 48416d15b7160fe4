import { type AsyncHook, createHook } from 'node:async_hooks';
import { now } from '../clock.js';
import { currentRun, type ViewRun } from '../view-run.js';
import type { Accounting } from './accounting.js';

/**
 * The async hooks `before` and `after`, and nothing else: with `init` or a map they would cost ten times as much. The
 * run is read from AsyncLocalStorage, which Node has restored by the time `before` is called.
 */
export class SpanHook {
  readonly #accounting: Accounting;
  readonly #hook: AsyncHook;
  #depth = 0;
  #openedAtDepth = 0;
  #weight = 1;
  #calls = 0;

  constructor(accounting: Accounting) {
    this.#accounting = accounting;
    this.#hook = createHook({ before: () => this.#before(), after: () => this.#after() });
  }

  /** A span stands for `weight` of its kind. */
  enable(weight: number): void {
    this.#weight = weight;
    this.#depth = 0;
    this.#openedAtDepth = 0;
    this.#hook.enable();
  }

  /** Enables it within a callback of `run`, whose `after` will end the span that is opened now. */
  enableWithin(run: ViewRun | undefined, startedAtMs: number, weight: number): void {
    this.enable(weight);
    if (run === undefined || !this.#accounting.open(run, startedAtMs, weight, true)) return;
    this.#depth = this.#openedAtDepth = 1;
  }

  /** In the heartbeat's own callback: whatever a throw has left open is forgotten. */
  loopTurned(): void {
    this.#depth = 1;
    this.#openedAtDepth = 0;
  }

  disable(): void {
    this.#hook.disable();
    if (this.#openedAtDepth > 0) this.#accounting.close();
    this.#openedAtDepth = 0;
  }

  /** How often it was called since the last time: what it costs follows from that. */
  takeCalls(): number {
    const calls = this.#calls;
    this.#calls = 0;
    return calls;
  }

  #before(): void {
    this.#calls++;
    this.#depth++;
    const run = currentRun.getStore();
    if (run === undefined || this.#accounting.isOpenFor(run)) return;
    if (this.#accounting.open(run, now(), this.#weight)) this.#openedAtDepth = this.#depth;
  }

  #after(): void {
    if (this.#openedAtDepth === this.#depth && this.#depth > 0) {
      this.#openedAtDepth = 0;
      this.#accounting.close();
    }
    // The hook may have been enabled within a callback, whose `after` then comes without a `before`.
    if (this.#depth > 0) this.#depth--;
  }
}
