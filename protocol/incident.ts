import type { View } from './view.js';

/** `sync-only`: a call that blocks by contract. `block`: plain code that held the loop for too long. */
export type IncidentKind = 'sync-only' | 'block';

/** Why the loop was held: the program's code, garbage collection, or a machine that gave the process no time. */
export type Cause = 'code' | 'gc' | 'host';

/** What kind of thing a sync-only operation does. `code` is for blocks of plain JavaScript. */
export type Category =
  | 'file'
  | 'process'
  | 'crypto'
  | 'compression'
  | 'database'
  | 'module loading'
  | 'wait'
  | 'code generation'
  | 'serialization'
  | 'console'
  | 'network'
  | 'snapshot'
  | 'code';

/** A place in the user's own code. Lines and columns count from 1; 0 means not known. */
export interface Site {
  readonly function: string;
  /** An absolute path, or empty when not known. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export const UNKNOWN_SITE: Site = { function: '', file: '', line: 0, column: 0 };

/** One frame of a stack, innermost first. */
export interface StackFrame extends Site {
  /** False for Node's own code and for code under `node_modules`. */
  readonly inApp: boolean;
}

/** A request that had to wait while the loop was held. */
export interface DelayedRequest {
  readonly method: string;
  readonly route: string;
  readonly delayedMs: number;
  /** When that request began, relative to the start of the block; negative for one that was already in flight. */
  readonly startOffsetMs: number;
}

/** One occurrence of an incident, kept whole. */
export interface IncidentSample {
  /** When it began, epoch milliseconds. */
  readonly at: number;
  readonly durationMs: number;
  readonly stack: readonly StackFrame[];
  /** The worst of the requests that waited for it, most delayed first. */
  readonly delayed: readonly DelayedRequest[];
  /** The OpenTelemetry trace it happened in; empty when there was none. */
  readonly traceId: string;
  /** Short sync-only operations that together made the block, such as `200 × fs.statSync (95 ms)`; absent when none did. */
  readonly note?: string;
}

/** One hold of the loop at or above the threshold, for the time axis. */
export interface BlockMark {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly durationMs: number;
}

/** Source lines around the site. */
export interface CodeFrame {
  /** The number of the first line. */
  readonly startLine: number;
  readonly lines: readonly string[];
}

/** What happened to one incident group in one process since its last report. All counts are increments. */
export interface IncidentDelta {
  /** `v1` and a hash of operation, view and in-app frames (function and file, no line). The same in every process. */
  readonly fingerprint: string;
  readonly kind: IncidentKind;
  /** `fs.readFileSync`; for a block of plain code, `(block)`. */
  readonly operation: string;
  readonly category: Category;
  readonly cause: Cause;
  readonly view: View;
  readonly site: Site;
  /** The package under node_modules that made the call, and what called it; empty when the app's own code did. */
  readonly owner: string;
  /** The async call to use instead; empty when there is none to name. */
  readonly alternative: string;
  /** Why it was allowed, in the words of the `allow` entry or `allowSync`; empty when it was not. */
  readonly allowed: string;
  /** Steady occurrences. */
  readonly count: number;
  /** First-time occurrences (module loading, first use of a site during warm-up); never part of `count`. */
  readonly coldCount: number;
  /** How many of them raised SynchronousOnlyOperation. */
  readonly thrownCount: number;
  readonly totalMs: number;
  readonly maxMs: number;
  readonly delayedRequests: number;
  readonly delayedMs: number;
  /** When it was last seen, epoch milliseconds. */
  readonly lastSeen: number;
  /** At most 20. */
  readonly samples: readonly IncidentSample[];
  /** Every hold at or above the threshold, at most 50 a report. */
  readonly blocks: readonly BlockMark[];
  readonly codeFrame: CodeFrame | null;
}

/** The operation's name for a block of plain code. */
export const BLOCK_OPERATION = '(block)';
