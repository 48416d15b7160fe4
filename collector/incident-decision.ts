import type { IncidentState } from '../protocol/index.js';
import { type Decision, UNDECIDED } from './store/store.js';

/** The state of an incident group as people decided it, and as it undoes itself when a resolved one returns. */
export class IncidentDecisions {
  #current: Decision = UNDECIDED;
  #isUnsaved = false;

  get current(): Decision {
    return this.#current;
  }

  decide(state: IncidentState, reason: string, atMs: number): void {
    // Two decisions in one millisecond: the one made last holds.
    this.#set({ state, reason, atMs: Math.max(atMs, this.#current.atMs), regression: null });
  }

  /** It was seen at this time. True when that reopened it: what happened before it was resolved does not. */
  seen(atMs: number, serviceVersion: string, lastVersion: string): boolean {
    const { state, atMs: resolvedAt } = this.#current;
    if (state !== 'resolved' || atMs <= resolvedAt) return false;
    this.#set({
      state: 'open',
      reason: '',
      atMs,
      regression: { at: atMs, serviceVersion, resolvedAt, lastVersion },
    });
    return true;
  }

  /** What another collector or an earlier run decided; the later decision holds. */
  restore(decision: Decision): void {
    if (decision.atMs >= this.#current.atMs && !this.#isUnsaved) this.#current = decision;
  }

  takeUnsaved(): Decision | null {
    if (!this.#isUnsaved) return null;
    this.#isUnsaved = false;
    return this.#current;
  }

  #set(decision: Decision): void {
    this.#current = decision;
    this.#isUnsaved = true;
  }
}
