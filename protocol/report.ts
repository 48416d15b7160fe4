import type { HistogramData } from './histogram.js';
import type { Cause, IncidentDelta } from './incident.js';
import type { View } from './view.js';

/** One watched process. */
export interface Instance {
  /** OpenTelemetry's `service.instance.id`: unique for each start of each process. */
  readonly id: string;
  readonly service: string;
  /** Empty when not known. */
  readonly serviceVersion: string;
  readonly host: string;
  readonly pid: number;
  /** Without the `v`. */
  readonly nodeVersion: string;
  /** What runs the code: `main`, `cluster worker 2`, `worker thread 3`; under PM2 its own words, `PM2 3|shop`. */
  readonly role: string;
}

/** What one process saw between `startMs` and `endMs` (epoch milliseconds). Everything is an increment but gauges. */
export interface Report {
  readonly instance: Instance;
  /** Counts up by one a report, so that a report that arrives twice is counted once. */
  readonly sequence: number;
  readonly startMs: number;
  readonly endMs: number;
  /** At most 500 and `(other)`. */
  readonly views: readonly ViewReport[];
  readonly loop: LoopReport;
  readonly gc: readonly GcReport[];
  readonly memory: MemoryReport;
  readonly observer: ObserverReport;
  /** How many of what were not kept: `views`, `incidents`, `samples`, `reports`, … */
  readonly dropped: readonly DroppedCount[];
  /** Set in the last report of a process that ends, so that it is `gone` at once and never `silent`. */
  readonly goodbye?: true;
}

/** The totals of one view. Durations are in seconds, as everywhere on the wire. */
export interface ViewReport {
  readonly view: View;
  /** Gauge: requests in flight when the report was made. */
  readonly active: number;
  /** Gauge: the most in flight at once since the last report. */
  readonly activePeak: number;
  /** From the first middleware to the close of the response; its count is the number of requests that ended. */
  readonly duration: HistogramData;
  /** How long each request itself held the loop. */
  readonly busy: HistogramData;
  /** How long each request waited while another held the loop. */
  readonly wait: HistogramData;
  readonly operations: readonly OperationReport[];
  readonly blocks: readonly BlockReport[];
}

export interface OperationReport {
  readonly operation: string;
  readonly duration: HistogramData;
}

export interface BlockReport {
  readonly cause: Cause;
  readonly duration: HistogramData;
}

export interface LoopReport {
  /** How late timers ran. Seconds. */
  readonly delay: HistogramData;
  /** Gauge, 0 to 1: the share of time in which the loop was not idle. */
  readonly utilization: number;
  readonly activeSeconds: number;
  readonly idleSeconds: number;
  /** Time in blocks, and the part of it that was given to a view. Their ratio is the coverage. */
  readonly blockedSeconds: number;
  readonly attributedSeconds: number;
  /** Set while the loop is held right now, measured by the watchdog thread. */
  readonly blocked: BlockedNow | null;
}

export interface BlockedNow {
  readonly forSeconds: number;
  /** The view that holds it, when it is known. */
  readonly view: View | null;
}

export interface GcReport {
  /** `minor`, `major`, `incremental`, `weakcb`: the values of OpenTelemetry's `v8js.gc.type`. */
  readonly type: string;
  readonly duration: HistogramData;
}

export interface MemoryReport {
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
}

/** What Holdup itself cost. */
export interface ObserverReport {
  /** Time spent in our own code on the main thread. */
  readonly busySeconds: number;
  /** The share of time, 0 to 1, in which busy time after an `await` was measured; 1 when it is exact. */
  readonly samplingRatio: number;
}

export interface DroppedCount {
  readonly what: string;
  readonly count: number;
}

/** The incidents one process saw since it last sent some. */
export interface IncidentBatch {
  readonly instance: Instance;
  /** Counts up by one a batch, like a report's. */
  readonly sequence: number;
  readonly incidents: readonly IncidentDelta[];
}

/** The bounds of what one process keeps and sends (design: what does not fit is counted, never silently lost). */
export const LIMITS = {
  views: 500,
  incidentGroups: 1000,
  samplesPerGroup: 20,
  sampleBytes: 64 * 1024,
  delayedPerSample: 50,
  blocksPerReport: 50,
} as const;
