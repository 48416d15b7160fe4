import type {
  CodeFrame,
  HistogramData,
  IncidentDelta,
  IncidentState,
  InstanceRef,
  Regression,
  SampleDetail,
  TimelineBlock,
  VersionSeen,
  View,
} from '../../protocol/index.js';

/** `memory`: nothing outlives the collector. */
export type StoreKind = 'memory' | 'sqlite' | 'postgres';

/**
 * What a collector keeps beyond its own life. One store serves one collector (SQLite) or several (PostgreSQL), so
 * incident groups are saved as increments; what is the collector's own carries its name.
 */
export interface Store {
  readonly kind: StoreKind;
  /** Why it cannot be used right now; empty while it can. */
  readonly down: string;
  /** What a collector of this name needs to go on where the last one stopped. */
  load(collector: string, nowMs: number): Promise<StoredState>;
  /**
   * All or nothing; once it resolves it survives a crash of this process. After a failure nobody knows whether it was
   * saved: the same changes may be saved again until it resolves, and are saved once.
   */
  save(changes: StoreChanges): Promise<void>;
  /** Groups that any collector saved at or after this time. */
  groupsSavedSince(savedAtMs: number): Promise<readonly StoredGroup[]>;
  /** What of a group is read only when a person looks at it. */
  groupDetail(service: string, fingerprint: string): Promise<StoredGroupDetail>;
  /**
   * Points of `stepMs` in `[fromMs, toMs)`, oldest first, all collectors together, made of the coarsest points that are
   * kept and fit.
   */
  timeline(fromMs: number, toMs: number, stepMs: number): Promise<readonly HistoryPoint[]>;
  /** Makes coarse points of fine ones and forgets what is too old or too much. */
  maintain(nowMs: number): Promise<Maintained>;
  close(): Promise<void>;
}

/** Sums of an incident group. All but `maxMs` add up. */
export interface GroupTotals {
  readonly count: number;
  readonly coldCount: number;
  readonly thrownCount: number;
  readonly totalMs: number;
  readonly maxMs: number;
  readonly delayedRequests: number;
  readonly delayedMs: number;
  readonly instances: number;
}

/** What a person decided about a group, or what undid it. */
export interface Decision {
  readonly state: IncidentState;
  readonly reason: string;
  /** Epoch milliseconds; of two decisions the later one holds. 0: nobody decided anything. */
  readonly atMs: number;
  readonly regression: Regression | null;
}

export const UNDECIDED: Decision = { state: 'open', reason: '', atMs: 0, regression: null };

/** What a group is; the newest report says. */
export interface GroupBody {
  readonly latest: IncidentDelta;
  readonly codeFrame: CodeFrame | null;
  readonly seenOn: readonly InstanceRef[];
  readonly versions: readonly VersionSeen[];
}

export interface StoredGroup {
  readonly service: string;
  readonly fingerprint: string;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly totals: GroupTotals;
  readonly decision: Decision;
  readonly body: GroupBody;
}

/** A group's increments since it was last saved. */
export interface GroupChange extends Omit<StoredGroup, 'decision'> {
  /** Null when nothing was decided since. */
  readonly decision: Decision | null;
  readonly samples: readonly SampleDetail[];
}

/** What happened in one hour. */
export interface HourCount {
  readonly at: number;
  readonly count: number;
  readonly delayedMs: number;
}

export interface StoredGroupDetail {
  readonly samples: readonly SampleDetail[];
  /** Hours in which something happened, oldest first. */
  readonly hours: readonly HourCount[];
}

/** A span of the time axis, whole enough to be merged with its neighbours. */
export interface HistoryPoint {
  readonly at: number;
  readonly active: Readonly<Record<string, number>>;
  readonly delay: HistogramData;
  /** The longest hold that was still going on, which no timer could measure yet. */
  readonly longestBlockMs: number;
  /** Sum and number of utilization readings. */
  readonly utilizationSum: number;
  readonly utilizationCount: number;
  readonly blocks: readonly TimelineBlock[];
}

/** Something counted since the collector first ran: its name is unique, its body the newest value. */
export interface Total {
  readonly name: string;
  readonly body: TotalBody;
}

export type TotalBody =
  | {
      readonly type: 'view';
      readonly service: string;
      readonly view: View;
      readonly duration: HistogramData;
      readonly busy: HistogramData;
      readonly wait: HistogramData;
      readonly lastReportedAt: number;
    }
  | {
      readonly type: 'operation';
      readonly service: string;
      readonly route: string;
      readonly operation: string;
      readonly duration: HistogramData;
    }
  | { readonly type: 'block'; readonly service: string; readonly route: string; readonly duration: HistogramData }
  | { readonly type: 'counters'; readonly counters: Readonly<Record<string, number>> };

/** Which reports of a process were counted, so that one that arrives again after a restart is still known. */
export interface Sender {
  readonly id: string;
  readonly reports: string;
  readonly batches: string;
  readonly heardAt: number;
}

export interface StoredState {
  readonly groups: readonly StoredGroup[];
  readonly totals: readonly TotalBody[];
  readonly senders: readonly Sender[];
  /** The last 15 minutes, one a second. */
  readonly seconds: readonly HistoryPoint[];
}

export interface StoreChanges {
  readonly collector: string;
  /** Unlike that of any other changes of this collector. */
  readonly id: string;
  readonly atMs: number;
  readonly groups: readonly GroupChange[];
  readonly totals: readonly Total[];
  readonly senders: readonly Sender[];
  readonly seconds: readonly HistoryPoint[];
}

export interface Maintained {
  readonly sizeBytes: number;
  /** Rows thrown away because the store was too large. */
  readonly droppedRows: number;
}
