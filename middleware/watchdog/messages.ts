import type {
  BlockMark,
  Category,
  Cause,
  DelayedRequest,
  IncidentKind,
  Instance,
  Report,
  View,
} from '../../protocol/index.js';

/** What the main thread hands to the watchdog when it starts it (`workerData`). */
export interface WatchdogStart {
  readonly buffer: SharedArrayBuffer;
  readonly instance: Instance;
  readonly blockThresholdMs: number;
  readonly destination: Destination;
  /** Sent as `Authorization: Bearer …`; empty for none. */
  readonly token: string;
  /** What matches leaves the process as `[redacted]`. Each has the `g` flag. */
  readonly redact: readonly RegExp[];
  /** Read and send the source lines around a site. Off in production. */
  readonly codeFrames: boolean;
  /** Take stacks through the inspector. Off when a debugger is attached. */
  readonly captureStacks: boolean;
}

/** Where reports go. */
export type Destination =
  /** A collector (or an OpenTelemetry Collector) at a base URL; `/v1/metrics` and `/v1/logs` are appended. */
  | {
      readonly type: 'remote';
      readonly url: string;
      readonly headers?: Readonly<Record<string, string>>;
      /** Default true. */
      readonly compress?: boolean;
      /** How long one post may take; default 10,000. */
      readonly timeoutMs?: number;
    }
  /** The machine's own collector on 127.0.0.1:4653 (or `port`); started in a worker thread if nobody has started one. */
  | { readonly type: 'embedded'; readonly port?: number }
  /** The machine's own collector if there is one; no port is opened. */
  | { readonly type: 'join'; readonly port?: number }
  | { readonly type: 'none' };

export type ToWatchdog = ViewNamed | Drained | IncidentsSeen | BlockEnded | StopWatchdog;

/** A view and the small number that stands for it in shared memory and in stack samples. */
export interface ViewNamed {
  readonly type: 'view';
  readonly id: number;
  readonly view: View;
}

/** What the main thread counted in the last second. */
export interface Drained {
  readonly type: 'drained';
  readonly report: Omit<Report, 'instance' | 'sequence'>;
}

/** Sync-only operations, sent soon after they happen (at most 20 times a second). */
export interface IncidentsSeen {
  readonly type: 'incidents';
  readonly incidents: readonly RawIncident[];
}

/** A hold of the loop that no single sync-only operation explains. */
export interface BlockEnded {
  readonly type: 'block';
  readonly block: RawBlock;
}

/** Send what is left (for at most a second), say goodbye and end. */
export interface StopWatchdog {
  readonly type: 'stop';
}

/** A frame as V8 gave it: a URL or path in the code that runs, before source maps. */
export interface RawFrame {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** An incident group's increments as the main thread knows them; the watchdog adds fingerprint, site and owner. */
export interface RawIncident {
  /** The group's number in this process; the watchdog resolves its stack once. */
  readonly groupId: number;
  readonly kind: IncidentKind;
  readonly operation: string;
  readonly category: Category;
  readonly cause: Cause;
  readonly view: View;
  /** Innermost first, from the frame that made the call; set the first time the group is sent. */
  readonly stack: readonly RawFrame[] | null;
  readonly alternative: string;
  readonly allowed: string;
  readonly count: number;
  readonly coldCount: number;
  readonly thrownCount: number;
  readonly totalMs: number;
  readonly maxMs: number;
  readonly delayedRequests: number;
  readonly delayedMs: number;
  readonly lastSeen: number;
  readonly samples: readonly RawSample[];
  readonly blocks: readonly BlockMark[];
}

/** A sample without its stack: it is the group's. */
export interface RawSample {
  readonly at: number;
  readonly durationMs: number;
  readonly delayed: readonly DelayedRequest[];
  readonly traceId: string;
}

export interface RawBlock {
  /** `process.hrtime` milliseconds, to match the block with the stacks taken during it. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** Epoch milliseconds. */
  readonly at: number;
  /** The view the main thread itself knows it for; null when only the watchdog can say. */
  readonly view: View | null;
  /** `gc` when garbage collection filled most of it. The watchdog turns `code` into `host` when it starved too. */
  readonly cause: Cause;
  /** It belongs to the start of the program. */
  readonly cold: boolean;
  /** The stack of the call that filled most of it, when the guard took one; innermost first. */
  readonly stack: readonly RawFrame[] | null;
  /** Sync-only operations within it, most time first, such as `200 × fs.statSync`. */
  readonly note: string;
  readonly delayedRequests: number;
  readonly delayedMs: number;
  readonly delayed: readonly DelayedRequest[];
  readonly traceId: string;
}

export type FromWatchdog = CollectorFound | WatchdogWarned | WatchdogStopped;

/** Where the dashboard is. Sent when it is known and whenever it changes. */
export interface CollectorFound {
  readonly type: 'collector';
  readonly url: string;
  /** `embedded`: it runs in this process. `joined`: another process runs it. `remote`: it was configured. */
  readonly how: 'embedded' | 'joined' | 'remote';
}

/** Something a person should know, once, on stderr. */
export interface WatchdogWarned {
  readonly type: 'warning';
  readonly text: string;
}

export interface WatchdogStopped {
  readonly type: 'stopped';
}

/**
 * The global function that tells the stack sampler who runs: it answers `runId:viewId:operation`, the operation being
 * empty outside a wrapped call, or `0:0` outside a view run.
 */
export const CURRENT_RUN_SYMBOL = 'holdup.currentRun';

/**
 * The global function that the watchdog has the main thread call in the middle of a stall, having left the time of asking
 * in shared memory. It answers a `StackSample` as JSON.
 */
export const SAMPLE_STACK_SYMBOL = 'holdup.sampleStack';

/** What the main thread was doing at one moment of a stall. */
export interface StackSample {
  /** `process.hrtime` milliseconds. */
  readonly atMs: number;
  /** The heartbeat's count then: a stack belongs to the stall whose count it carries. */
  readonly beats: number;
  /** 0 outside a view run. */
  readonly runId: number;
  /** 0 outside a view run. */
  readonly viewId: number;
  /** The loop was in native code when asked and only answered afterwards, so this may be the code that came next. */
  readonly late: boolean;
  /** The sync-only operation that it was in, as the guard knows it; empty outside one. */
  readonly operation: string;
  /** Innermost first. */
  readonly frames: readonly RawFrame[];
}
