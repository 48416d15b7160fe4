import type { IncidentGroup } from './incident-group.js';
import type { InstanceEntry } from './instances.js';
import type { ViewTotals } from './views.js';

/** What changed since it was last saved. It holds what the fleet's tables hold, so their bounds are its bounds. */
export class Unsaved {
  readonly groups = new Set<IncidentGroup>();
  readonly views = new Set<ViewTotals>();
  readonly senders = new Set<InstanceEntry>();
}
