import type { Category } from '../../protocol/index.js';
import type { ViewRun } from '../view-run.js';
import type { RawFrame } from '../watchdog/messages.js';

/** What the guard needs to know of a sync-only operation to name it. */
export interface Operation {
  /** `fs.readFileSync` */
  readonly name: string;
  readonly category: Category;
  /** The code to write instead; empty when there is none to name. */
  readonly alternative: string;
}

/** A place from which an operation was called, interned: the same stack gives the same object. */
export interface CallSite {
  /** Counts up from 1 within the process. */
  readonly id: number;
  /** Innermost first, from the frame that made the call. */
  readonly frames: readonly RawFrame[];
}

/** One outermost call of a sync-only operation in a view run. */
export interface OperationCall {
  readonly operation: Operation;
  readonly site: CallSite;
  readonly run: ViewRun;
  /** `performance.now()` */
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly cold: boolean;
  /** It raised SynchronousOnlyOperation instead of running. */
  readonly thrown: boolean;
  /** The reason it is allowed; empty when it is not. */
  readonly allowed: string;
}

/** What calls of one operation from one site have in common. */
export type CallKind = Pick<OperationCall, 'operation' | 'site'>;

/** Counts further calls like one that was recorded, without what an `OperationCall` costs. */
export interface CallTally {
  /** False, with nothing counted, when the call must be recorded in full. */
  count(startedAtMs: number, durationMs: number): boolean;
}

/** Where the guard puts what it saw. Must not throw and must not call a sync-only operation. */
export interface OperationSink {
  /** May return what counts further calls of the same operation from the same site in the same view. */
  recordOperation(call: OperationCall): CallTally | null;
  /** Something could not be kept. */
  recordDropped(what: string, count: number): void;
}
