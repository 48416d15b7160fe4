import { BACKGROUND_ROUTE, type Cause, UNKNOWN_ROUTE } from '../../protocol/index.js';
import type { OperationCall } from '../guard/operation-call.js';
import { type Recorder, toEpochMs } from '../recorder.js';
import type { Delay } from '../runs-in-flight.js';
import type { ViewRun } from '../view-run.js';
import type { RawBlock } from '../watchdog/messages.js';
import { CULPRIT, type SharedState } from '../watchdog/shared.js';
import type { SpanListener } from './accounting.js';
import type { GarbageCollection } from './gc.js';
import type { LoopListener } from './heartbeat.js';
import { type Composition, SmallOperations } from './small-operations.js';

export interface BlockListener {
  blockEnded(block: RawBlock): void;
}

interface EndedBlock {
  readonly run: ViewRun | undefined;
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly attributed: boolean;
  readonly cold: boolean;
  readonly delay: Delay;
  readonly composition: Composition;
}

/** A process that has served nothing yet is starting up for so long at most. Milliseconds of its life. */
const START_UP_MS = 10_000;

/** Garbage collection is the cause of a block when it filled at least this share of it. */
const GC_SHARE = 0.5;

/**
 * Finds every hold of the loop at or above the threshold and says whose it was. Three sources, each for what the one
 * before cannot see: a sync-only operation (told by the guard), the rest of a run's span, and a late heartbeat, for
 * which the watchdog may have found the culprit while it lasted. What one has told, the next does not tell again.
 */
export class Blocks implements SpanListener, LoopListener {
  readonly #recorder: Recorder;
  readonly #shared: SharedState;
  readonly #gc: GarbageCollection;
  readonly #listener: BlockListener;
  readonly #thresholdMs: number;
  readonly #toSharedMs: (nowMs: number) => number;
  readonly #small = new SmallOperations();
  /** Sync-only operations at or above the threshold since the open span began. */
  #operationsMs = 0;
  /** Known holds since the last heartbeat. */
  #knownMs = 0;
  #blockedMs = 0;
  #attributedMs = 0;

  constructor(parts: {
    recorder: Recorder;
    shared: SharedState;
    gc: GarbageCollection;
    listener: BlockListener;
    thresholdMs: number;
    toSharedMs: (nowMs: number) => number;
  }) {
    this.#recorder = parts.recorder;
    this.#shared = parts.shared;
    this.#gc = parts.gc;
    this.#listener = parts.listener;
    this.#thresholdMs = parts.thresholdMs;
    this.#toSharedMs = parts.toSharedMs;
  }

  /** A sync-only operation has ended. If it held the loop, the recorder has made an incident of it already. */
  operationEnded(call: OperationCall, held: boolean): void {
    if (!held) {
      this.#small.add(call);
      return;
    }
    const { durationMs } = call;
    this.#operationsMs += durationMs;
    this.#knownMs += durationMs;
    this.#blockedMs += durationMs;
    this.#attributedMs += durationMs;
  }

  spanEnded(run: ViewRun, startedAtMs: number, endedAtMs: number): void {
    const restMs = endedAtMs - startedAtMs - this.#operationsMs;
    this.#operationsMs = 0;
    this.#knownMs += restMs;
    if (restMs >= this.#thresholdMs) this.#blockEnded(run, startedAtMs, restMs, true);
    this.#small.clear();
  }

  loopTurned(nowMs: number, activeMs: number): void {
    const restMs = activeMs - this.#knownMs;
    this.#knownMs = 0;
    this.#operationsMs = 0;
    const culpritId = this.#shared.culpritRunId;
    if (culpritId !== CULPRIT.unknown) this.#shared.culpritRunId = CULPRIT.unknown;
    if (restMs >= this.#thresholdMs) {
      const run = culpritId > 0 ? this.#recorder.runs.find(culpritId) : undefined;
      if (run !== undefined) run.busyMs += restMs;
      this.#blockEnded(run, nowMs - restMs, restMs, culpritId !== CULPRIT.unknown);
    }
    this.#small.clear();
  }

  /** Seconds of blocked time, and of it the part given to a view, since the last call. */
  drain(): { blockedSeconds: number; attributedSeconds: number } {
    const drained = { blockedSeconds: this.#blockedMs / 1000, attributedSeconds: this.#attributedMs / 1000 };
    this.#blockedMs = this.#attributedMs = 0;
    return drained;
  }

  #blockEnded(run: ViewRun | undefined, startedAtMs: number, durationMs: number, attributed: boolean): void {
    // While a program loads, its loop stands still and nobody waits: seen, but no time that anybody lost.
    const cold = run === undefined && this.#recorder.isStarting && startedAtMs < START_UP_MS;
    if (!cold) this.#blockedMs += durationMs;
    if (!cold && attributed) this.#attributedMs += durationMs;
    const delay = this.#recorder.runs.delay(run, startedAtMs, durationMs);
    const composition = this.#small.compositionOf(durationMs);
    // Entries about garbage collection arrive two turns of the loop late, and the view may be known better by then.
    setImmediate(() =>
      setImmediate(() => this.#tell({ run, startedAtMs, durationMs, attributed, cold, delay, composition })).unref(),
    ).unref();
  }

  #tell({ run, startedAtMs, durationMs, attributed, cold, delay, composition }: EndedBlock): void {
    const gcMs = this.#gc.overlapMs(startedAtMs, startedAtMs + durationMs);
    const cause: Cause = gcMs >= durationMs * GC_SHARE ? 'gc' : 'code';
    const totals = run?.view ?? this.#recorder.view('', attributed ? BACKGROUND_ROUTE : UNKNOWN_ROUTE);
    if (!cold) totals.recordBlock(cause, durationMs);
    this.#listener.blockEnded({
      startedAtMs: this.#toSharedMs(startedAtMs),
      durationMs,
      at: toEpochMs(startedAtMs),
      view: attributed ? totals.view : null,
      cause,
      cold,
      stack: composition.stack,
      note: composition.note,
      delayedRequests: delay.requests,
      delayedMs: delay.totalMs,
      delayed: delay.worst,
      traceId: '',
    });
  }
}
