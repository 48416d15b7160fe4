import type {
  IncidentSummary,
  InstanceSummary,
  LiveMessage,
  Overview,
  TimelinePoint,
  ViewSummary,
} from '../protocol/index.js';
import { viewKey } from './names.js';

/** What the page keeps at most, whatever the fleet's size and however long it is open. */
export const KEPT = {
  /** 15 minutes of seconds. */
  points: 900,
  views: 2_000,
  incidents: 1_000,
  instances: 1_000,
} as const;

/** Everything the page knows about the fleet, as one moment's picture. */
export interface FleetPicture {
  readonly overview: Overview | null;
  readonly views: readonly ViewSummary[];
  readonly incidents: readonly IncidentSummary[];
  readonly instances: readonly InstanceSummary[];
  readonly timeline: readonly TimelinePoint[];
}

export const EMPTY_PICTURE: FleetPicture = { overview: null, views: [], incidents: [], instances: [], timeline: [] };

/** The fleet as the live feed tells it, held within `KEPT`. */
export class Fleet {
  #overview: Overview | null = null;
  #views = new Map<string, ViewSummary>();
  #incidents = new Map<string, IncidentSummary>();
  #instances = new Map<string, InstanceSummary>();
  #timeline: TimelinePoint[] = [];

  apply(message: LiveMessage): void {
    switch (message.type) {
      case 'snapshot':
        this.#overview = message.overview;
        this.#views = new Map(message.views.map((view) => [viewKey(view), view]));
        this.#incidents = new Map(message.incidents.map((incident) => [incident.fingerprint, incident]));
        this.#instances = new Map(message.instances.map((instance) => [instance.id, instance]));
        this.#timeline = joinTimelines(this.#timeline, message.timeline);
        break;
      case 'delta':
        this.#overview = message.overview;
        for (const view of message.views) this.#views.set(viewKey(view), view);
        for (const incident of message.incidents) this.#incidents.set(incident.fingerprint, incident);
        for (const instance of message.instances) this.#instances.set(instance.id, instance);
        this.#timeline = joinTimelines(this.#timeline, [message.point]);
        break;
      case 'incident':
        this.#incidents.set(message.incident.fingerprint, message.incident);
        break;
      case 'lagged':
        break;
    }
    this.#bound();
  }

  picture(): FleetPicture {
    return {
      overview: this.#overview,
      views: [...this.#views.values()],
      incidents: [...this.#incidents.values()],
      instances: [...this.#instances.values()],
      timeline: this.#timeline,
    };
  }

  /** Lets go of what matters least: the view with the fewest requests, the incident that delayed least, the oldest. */
  #bound(): void {
    trim(this.#views, KEPT.views, (view) => view.requests);
    trim(this.#incidents, KEPT.incidents, (incident) => incident.delayedMs);
    trim(this.#instances, KEPT.instances, (instance) => instance.lastSeen);
  }
}

function trim<T>(map: Map<string, T>, limit: number, worth: (value: T) => number): void {
  if (map.size <= limit) return;
  const least = [...map].sort(([, a], [, b]) => worth(a) - worth(b)).slice(0, map.size - limit);
  for (const [key] of least) map.delete(key);
}

/** `later` wins where both tell of the same second; a hole between them stays a hole. */
export function joinTimelines(earlier: readonly TimelinePoint[], later: readonly TimelinePoint[]): TimelinePoint[] {
  const first = later[0];
  if (first === undefined) return earlier.slice();
  const joined = earlier.filter((point) => point.at < first.at).concat(later);
  return joined.slice(-KEPT.points);
}
