import type { IncidentGroup } from './incident-group.js';
import type { InstanceEntry } from './instance-entry.js';
import { COLLECTOR_LIMITS } from './limits.js';
import type { ViewTotals } from './views.js';

/**
 * What changed since it was last saved. While the store fails, what the fleet's tables have forgotten waits here too,
 * so it has bounds of its own: the oldest goes, and is counted.
 */
export class Unsaved {
  readonly groups = new BoundedSet<IncidentGroup>(COLLECTOR_LIMITS.incidentGroups);
  readonly views = new BoundedSet<ViewTotals>(COLLECTOR_LIMITS.views * 2);
  readonly senders = new BoundedSet<InstanceEntry>(COLLECTOR_LIMITS.instances);
}

class BoundedSet<T> extends Set<T> {
  readonly #limit: number;
  #lost = 0;

  constructor(limit: number) {
    super();
    this.#limit = limit;
  }

  override add(value: T): this {
    super.add(value);
    if (this.size > this.#limit) {
      super.delete(this.values().next().value as T);
      this.#lost++;
    }
    return this;
  }

  /** How many found no room since it was last asked. */
  takeLost(): number {
    const lost = this.#lost;
    this.#lost = 0;
    return lost;
  }
}
