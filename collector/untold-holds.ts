import type { IncidentGroup } from './incident-group.js';
import type { InstanceEntry } from './instance-entry.js';

/** A process whose loop turns again has told of a hold's end within this. Milliseconds. */
const TOLD_WITHIN_MS = 10_000;

/**
 * Holds that were seen while they lasted, and whose end nobody has told. If the process is gone, that is all there will
 * ever be of them. If it lives on, it has told their time under other names: a hold can turn out to be another view's,
 * or many short runs none of which was a block.
 */
export class UntoldHolds {
  readonly #holders = new Map<IncidentGroup, InstanceEntry>();

  heard(group: IncidentGroup, entry: InstanceEntry): void {
    if (group.isTold) this.#holders.delete(group);
    else this.#holders.set(group, entry);
  }

  /** Takes those whose process has gone on for long enough without them. */
  takeSettled(now: number): IncidentGroup[] {
    const settled: IncidentGroup[] = [];
    for (const [group, entry] of this.#holders) {
      const state = entry.state(now);
      if (state === 'gone') this.#holders.delete(group);
      else if (state === 'ok' && now - group.heardAt > TOLD_WITHIN_MS) {
        this.#holders.delete(group);
        settled.push(group);
      }
    }
    return settled;
  }
}
