import type { Instance, InstanceCounts } from '../protocol/index.js';
import { InstanceEntry } from './instance-entry.js';
import { COLLECTOR_LIMITS, FORGOTTEN_AFTER_MS } from './limits.js';
import type { Sender } from './store/store.js';

/** All processes heard of lately, bounded. */
export class InstanceTable {
  readonly #instances = new Map<string, InstanceEntry>();
  readonly #expected = new Map<string, Sender>();
  readonly #limit: number;

  constructor(limit: number = COLLECTOR_LIMITS.instances) {
    this.#limit = limit;
  }

  all(): IterableIterator<InstanceEntry> {
    return this.#instances.values();
  }

  get size(): number {
    return this.#instances.size;
  }

  /** A process that an earlier run heard of, and that may send again what was counted then. */
  expect(sender: Sender): void {
    if (this.#expected.size < this.#limit) this.#expected.set(sender.id, sender);
  }

  /** The process's entry; null when it is new and there is no room. */
  of(instance: Instance, now: number): InstanceEntry | null {
    const known = this.#instances.get(instance.id);
    if (known !== undefined) return known;
    if (this.#instances.size >= this.#limit) return null;
    const entry = new InstanceEntry(instance, now);
    const expected = this.#expected.get(instance.id);
    if (expected !== undefined) {
      this.#expected.delete(instance.id);
      entry.reports.restore(expected.reports);
      entry.batches.restore(expected.batches);
    }
    this.#instances.set(instance.id, entry);
    return entry;
  }

  forgetGone(now: number): void {
    for (const [id, entry] of this.#instances) {
      if (entry.state(now) !== 'gone') continue;
      entry.releaseGauges();
      // When the table is nearly full, what is gone makes room at once.
      const quietMs = now - entry.heardAt;
      if (quietMs > FORGOTTEN_AFTER_MS || this.#instances.size > this.#limit * 0.9) this.#instances.delete(id);
    }
  }

  counts(now: number): InstanceCounts {
    const counts = { ok: 0, blocked: 0, silent: 0, gone: 0 };
    for (const entry of this.#instances.values()) counts[entry.state(now)]++;
    return counts;
  }
}
