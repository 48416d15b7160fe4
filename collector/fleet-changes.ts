import type { IncidentGroup } from './incident-group.js';
import type { InstanceEntry } from './instance-entry.js';
import type { ViewTotals } from './views.js';

/** What changed since it was last told. It holds what the fleet's tables hold, so their bounds are its bounds. */
export class FleetChanges {
  /** Views count as changed while their last minute still moves. */
  readonly views = new Set<ViewTotals>();
  readonly incidents = new Set<IncidentGroup>();
  readonly instances = new Set<InstanceEntry>();

  /** At most `limit` of each; the others get their turn. Each change is told once. */
  take(
    now: number,
    limit: number,
  ): {
    readonly views: readonly ViewTotals[];
    readonly incidents: readonly IncidentGroup[];
    readonly instances: readonly InstanceEntry[];
  } {
    const views = takeFrom(this.views, limit);
    for (const view of views) if (view.isRecent(now)) this.views.add(view);
    return { views, incidents: takeFrom(this.incidents, limit), instances: takeFrom(this.instances, limit) };
  }
}

function takeFrom<T>(set: Set<T>, limit: number): T[] {
  const taken: T[] = [];
  for (const entry of set) {
    if (taken.length >= limit) break;
    taken.push(entry);
    set.delete(entry);
  }
  return taken;
}
