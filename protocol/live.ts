import type { IncidentSummary, InstanceSummary, Overview, ViewSummary } from './api.js';

/**
 * What flows over `WS /api/v1/live`: one snapshot, then numbered deltas once a second, and incidents at once.
 * `sequence` counts every message of this connection's feed; a hole in it means that messages were dropped.
 */
export type LiveMessage = LiveSnapshot | LiveDelta | LiveIncident | LiveLagged;

export interface LiveSnapshot {
  readonly type: 'snapshot';
  readonly sequence: number;
  readonly at: number;
  readonly overview: Overview;
  readonly views: readonly ViewSummary[];
  /** The worst 200. */
  readonly incidents: readonly IncidentSummary[];
  readonly instances: readonly InstanceSummary[];
  /** One point a second, oldest first, at most the last 5 minutes. */
  readonly timeline: readonly TimelinePoint[];
}

export interface LiveDelta {
  readonly type: 'delta';
  readonly sequence: number;
  readonly at: number;
  readonly overview: Overview;
  /** Only those that changed since the last delta. */
  readonly views: readonly ViewSummary[];
  readonly incidents: readonly IncidentSummary[];
  readonly instances: readonly InstanceSummary[];
  /**
   * A point with the `at` of an earlier one replaces it (a delta sent early, because a loop just got blocked). Its
   * `blocks` are those that became known since the last delta; each says itself when it began.
   */
  readonly point: TimelinePoint;
}

/** A new incident, or one that just held the loop: sent at once, not with the next delta. */
export interface LiveIncident {
  readonly type: 'incident';
  readonly sequence: number;
  readonly at: number;
  readonly incident: IncidentSummary;
}

/** This client was too slow: `dropped` messages were thrown away; a snapshot follows. */
export interface LiveLagged {
  readonly type: 'lagged';
  readonly sequence: number;
  readonly dropped: number;
}

/** One second of the whole fleet. */
export interface TimelinePoint {
  /** The start of the second, epoch milliseconds. */
  readonly at: number;
  /** The most requests in flight at once in that second, by view name; the busiest 12 views and `(other)`. */
  readonly active: Readonly<Record<string, number>>;
  readonly delayP50Ms: number;
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
  readonly utilization: number;
  /** Holds of the loop that began in that second, at most 50. */
  readonly blocks: readonly TimelineBlock[];
}

export interface TimelineBlock {
  readonly at: number;
  readonly durationMs: number;
  readonly view: string;
  readonly operation: string;
  readonly fingerprint: string;
  /** Two services that share code have incidents of the same fingerprint; absent in points kept by older collectors. */
  readonly service?: string;
}
