import type {
  IncidentSummary,
  InstanceSummary,
  LiveMessage,
  Overview,
  TimelinePoint,
  ViewSummary,
} from '../protocol/index.js';
import { incidentKey } from './addresses.js';
import { viewKey } from './names.js';

/** What the page keeps at most, whatever the fleet's size and however long it is open. */
const KEPT = {
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

/** The fleet as the live feed tells it, held within `KEPT`. A list that did not change stays the same array. */
export class Fleet {
  #overview: Overview | null = null;
  #timeline: TimelinePoint[] = [];
  /** What matters least goes first: the view with the fewest requests, the incident that delayed least, the oldest. */
  readonly #views = new Shelf<ViewSummary>(KEPT.views, viewKey, (view) => view.requests);
  readonly #incidents = new Shelf<IncidentSummary>(KEPT.incidents, incidentKey, (incident) => incident.delayedMs);
  readonly #instances = new Shelf<InstanceSummary>(
    KEPT.instances,
    (instance) => instance.id,
    (instance) => instance.lastSeen,
  );

  apply(message: LiveMessage): void {
    switch (message.type) {
      case 'snapshot':
        this.#overview = message.overview;
        this.#views.replace(message.views);
        this.#incidents.replace(message.incidents);
        this.#instances.replace(message.instances);
        this.#timeline = joinTimelines(this.#timeline, message.timeline);
        break;
      case 'delta':
        this.#overview = message.overview;
        this.#views.put(message.views);
        this.#incidents.put(message.incidents);
        this.#instances.put(message.instances);
        this.#timeline = addPoint(this.#timeline, message.point);
        break;
      case 'incident':
        this.#incidents.put([message.incident]);
        break;
      case 'lagged':
        break;
    }
  }

  picture(): FleetPicture {
    return {
      overview: this.#overview,
      views: this.#views.list(),
      incidents: this.#incidents.list(),
      instances: this.#instances.list(),
      timeline: this.#timeline,
    };
  }
}

/** Things by their key, at most `limit` of them. */
class Shelf<Thing> {
  readonly #limit: number;
  readonly #keyOf: (thing: Thing) => string;
  readonly #worth: (thing: Thing) => number;
  #things = new Map<string, Thing>();
  #list: readonly Thing[] | null = null;

  constructor(limit: number, keyOf: (thing: Thing) => string, worth: (thing: Thing) => number) {
    this.#limit = limit;
    this.#keyOf = keyOf;
    this.#worth = worth;
  }

  replace(things: readonly Thing[]): void {
    this.#things = new Map();
    this.#list = null;
    this.put(things);
  }

  put(things: readonly Thing[]): void {
    if (things.length === 0) return;
    for (const thing of things) this.#things.set(this.#keyOf(thing), thing);
    trim(this.#things, this.#limit, this.#worth);
    this.#list = null;
  }

  list(): readonly Thing[] {
    this.#list ??= [...this.#things.values()];
    return this.#list;
  }
}

function trim<T>(map: Map<string, T>, limit: number, worth: (value: T) => number): void {
  if (map.size <= limit) return;
  const least = [...map].sort(([, a], [, b]) => worth(a) - worth(b)).slice(0, map.size - limit);
  for (const [key] of least) map.delete(key);
}

/**
 * A second that is told again (once early, because a loop just got blocked, and once whole) replaces itself, but a hold
 * is told only once: those of the early telling stay.
 */
function addPoint(earlier: readonly TimelinePoint[], point: TimelinePoint): TimelinePoint[] {
  if (point.at > (earlier.at(-1)?.at ?? 0)) return [...earlier.slice(1 - KEPT.points), point];
  const told = earlier.filter((each) => each.at >= point.at).flatMap((each) => each.blocks);
  return joinTimelines(earlier, [told.length === 0 ? point : { ...point, blocks: [...told, ...point.blocks] }]);
}

/** `later` wins where both tell of the same second; a hole between them stays a hole. */
function joinTimelines(earlier: readonly TimelinePoint[], later: readonly TimelinePoint[]): TimelinePoint[] {
  const first = later[0];
  if (first === undefined) return earlier.slice();
  const joined = earlier.filter((point) => point.at < first.at).concat(later);
  return joined.slice(-KEPT.points);
}
