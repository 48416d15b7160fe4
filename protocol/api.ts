import type { Category, Cause, CodeFrame, IncidentKind, IncidentSample, Site } from './incident.js';
import type { TimelinePoint } from './live.js';
import type { View } from './view.js';

/** The answers of the collector's HTTP API. Times are epoch milliseconds, durations milliseconds, sizes bytes. */

export type FleetStatus = 'waiting' | 'healthy' | 'slow' | 'blocking' | 'blocked';

/** `GET /api/v1/overview` */
export interface Overview {
  /** One sentence about the last minute, also when all is well. */
  readonly verdict: string;
  /**
   * `waiting`: nothing has reported yet. `healthy`. `slow`: held now and then. `blocking`: held so much that people
   * notice. `blocked`: an instance is held right now.
   */
  readonly status: FleetStatus;
  /** The incident the verdict speaks of; null when it speaks of none. */
  readonly culprit: string | null;
  /** The service it is of; null when there is no culprit. */
  readonly culpritService: string | null;
  /** When this was true. */
  readonly at: number;
  readonly active: number;
  readonly requestsPerSecond: number;
  readonly loop: OverviewLoop;
  readonly instances: InstanceCounts;
  readonly incidents: { readonly open: number; readonly total: number };
  /** What was not kept, by what it was, over all instances and the collector. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly observer: { readonly busyShare: number };
  /** When the collector started and what it is. */
  readonly collector: { readonly version: string; readonly startedAt: number };
}

export interface OverviewLoop {
  /** Over all instances in the last minute. */
  readonly delayP50Ms: number;
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
  /** 0 to 1, the mean over instances. */
  readonly utilization: number;
  /** The share of time, 0 to 1 per instance, spent in blocks at or above the threshold. */
  readonly blockedShare: number;
  /** Blocked time given to a view, divided by blocked time measured; 1 when nothing was blocked. */
  readonly coverage: number;
}

export interface InstanceCounts {
  readonly ok: number;
  readonly blocked: number;
  readonly silent: number;
  readonly gone: number;
}

/** `GET /api/v1/views` */
export interface ViewList {
  readonly views: readonly ViewSummary[];
}

export interface ViewSummary extends View {
  readonly service: string;
  readonly active: number;
  /** Since the collector first saw the view. */
  readonly requests: number;
  /** In the last minute. */
  readonly requestsPerSecond: number;
  /** Since the collector first saw the view. */
  readonly busyMs: number;
  /** In the last minute: loop time a second, 0 to 1 for each instance that served it. */
  readonly busyShare: number;
  readonly waitMs: number;
  readonly duration: { readonly p50Ms: number; readonly p90Ms: number; readonly p99Ms: number; readonly maxMs: number };
  readonly busy: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number };
  /** How many incident groups are open in this view. */
  readonly incidents: number;
}

/** `GET /api/v1/incidents?limit=&cursor=&q=&service=&view=&kind=&category=&cause=&state=&instance=`, worst delayed time first. */
export interface IncidentList {
  readonly incidents: readonly IncidentSummary[];
  /** Pass it as `cursor` for the next page; null on the last. */
  readonly nextCursor: string | null;
}

export type IncidentState = 'open' | 'resolved' | 'ignored';

export interface IncidentSummary {
  readonly fingerprint: string;
  readonly kind: IncidentKind;
  readonly operation: string;
  readonly category: Category;
  readonly cause: Cause;
  readonly service: string;
  readonly view: View;
  readonly site: Site;
  readonly owner: string;
  readonly allowed: string;
  readonly count: number;
  readonly coldCount: number;
  readonly thrownCount: number;
  readonly totalMs: number;
  readonly maxMs: number;
  readonly delayedRequests: number;
  readonly delayedMs: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** How many instances saw it. */
  readonly instances: number;
  readonly alternative: string;
  readonly state: IncidentState;
  /** Why it is in that state, in the words of whoever decided it; empty when nobody did. */
  readonly stateReason: string;
  /** When that was decided; 0 when it never was. */
  readonly stateSince: number;
  /** Set when it came back after somebody had resolved it, until somebody decides anew. */
  readonly regression: Regression | null;
  /** Occurrences in each of the last 30 intervals of 10 s, oldest first. */
  readonly trend: readonly number[];
}

/** A resolved incident that returned. */
export interface Regression {
  /** When it returned. */
  readonly at: number;
  /** The version it returned in; empty when not known. */
  readonly serviceVersion: string;
  /** When it had been resolved. */
  readonly resolvedAt: number;
  /** The newest version it had been seen in before; empty when not known. */
  readonly lastVersion: string;
}

/** The body of `PUT /api/v1/incidents/:fingerprint/state`; the answer is the `IncidentDetail`. */
export interface IncidentDecision {
  readonly state: IncidentState;
  /** At most 1,000 characters. Required to ignore. */
  readonly reason?: string;
}

/** One `service.version` that an incident was seen in. */
export interface VersionSeen {
  readonly serviceVersion: string;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly count: number;
}

/** What happened to an incident in one hour. */
export interface IncidentHour {
  /** The start of the hour. */
  readonly at: number;
  readonly count: number;
  readonly delayedMs: number;
}

/** `GET /api/v1/incidents/:fingerprint` */
export interface IncidentDetail extends IncidentSummary {
  /** The worst occurrences, most delayed time first. */
  readonly samples: readonly SampleDetail[];
  readonly codeFrame: CodeFrame | null;
  readonly seenOn: readonly InstanceRef[];
  /** The latest 20, oldest first. */
  readonly versions: readonly VersionSeen[];
  /** The hours in which something happened, oldest first; empty when the collector keeps nothing on disk. */
  readonly hours: readonly IncidentHour[];
}

export interface SampleDetail extends IncidentSample {
  /** The id of the instance that saw it. */
  readonly instance: string;
}

export interface InstanceRef {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly serviceVersion: string;
}

/** `blocked`: its loop is held right now. `silent`: no report for 5 s. `gone`: none for 30 s, or it said goodbye. */
export type InstanceState = 'ok' | 'blocked' | 'silent' | 'gone';

/** `GET /api/v1/instances` */
export interface InstanceList {
  readonly instances: readonly InstanceSummary[];
}

export interface InstanceSummary {
  readonly id: string;
  readonly service: string;
  readonly serviceVersion: string;
  readonly host: string;
  readonly pid: number;
  readonly nodeVersion: string;
  readonly role: string;
  readonly state: InstanceState;
  /** 0 unless `blocked`. */
  readonly blockedForMs: number;
  /** The view's name, `GET /spin`; null when not blocked or not known. */
  readonly blockedView: string | null;
  /** Requests that were in flight when it was last heard to count them, most first; empty unless `blocked`. */
  readonly inFlight: readonly InFlight[];
  readonly loop: {
    readonly delayP50Ms: number;
    readonly delayP99Ms: number;
    readonly delayMaxMs: number;
    readonly utilization: number;
  };
  readonly active: number;
  readonly requestsPerSecond: number;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  /** Everything this instance could not keep or send. */
  readonly dropped: number;
  readonly lastSeen: number;
}

/** Requests of one view in flight in one process. */
export interface InFlight {
  /** The view's name. */
  readonly view: string;
  readonly active: number;
}

/** `GET /api/v1/timeline?from=&to=&step=`: `from` and `to` in epoch milliseconds, `step` in seconds. */
export interface TimelineHistory {
  readonly from: number;
  readonly to: number;
  /** Each point covers this long; longer than was asked for where no finer ones are kept. */
  readonly stepMs: number;
  /** Oldest first; a span without a point is one in which no collector ran. */
  readonly points: readonly TimelinePoint[];
}

/** Every error answer, as `application/problem+json` (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** What was wrong and what is accepted. */
  readonly detail: string;
}
