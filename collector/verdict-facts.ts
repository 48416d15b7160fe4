import type { Cause, FleetStatus, IncidentKind, InstanceCounts, Site } from '../protocol/index.js';

/** What the verdict is made from: the last minute of the fleet. */
export interface VerdictFacts {
  readonly instances: InstanceCounts;
  /** The loops held right now, longest first. */
  readonly blocked: readonly BlockedFact[];
  /** Steady incidents of the last minute that nobody allowed. */
  readonly incidents: readonly IncidentFact[];
  /** First-time module loading of the last minute. */
  readonly loading: readonly IncidentFact[];
  /** How long the windows are that the sums below were made over. */
  readonly windowSeconds: number;
  readonly requestsPerSecond: number;
  readonly delayP99Ms: number;
  readonly utilization: number;
  /** 0 to 1 per instance. */
  readonly blockedShare: number;
  /** How many items were not kept in the last minute. */
  readonly droppedRecently: number;
  /** Milliseconds since the last word of any process. */
  readonly quietForMs: number;
}

export interface BlockedFact {
  readonly service: string;
  readonly pid: number;
  /** The view's name; null when it is not known. */
  readonly view: string | null;
  readonly forMs: number;
  /** Requests in flight in that process, the one that holds it included. */
  readonly active: number;
  /** The incident that last held the loop in that view; null when there was none. */
  readonly fingerprint: string | null;
}

export interface IncidentFact {
  readonly fingerprint: string;
  readonly service: string;
  readonly kind: IncidentKind;
  readonly operation: string;
  readonly cause: Cause;
  readonly view: string;
  readonly site: Site;
  readonly count: number;
  readonly heldMs: number;
  readonly delayedRequests: number;
  readonly delayedMs: number;
  /** How many instances it held; the share is that of one of them. */
  readonly instances: number;
}

export interface Verdict {
  readonly sentence: string;
  readonly status: FleetStatus;
  readonly culprit: Pick<IncidentFact, 'fingerprint' | 'service'> | null;
}
