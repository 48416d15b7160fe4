import { BACKGROUND_ROUTE, type Cause, START_UP_ROUTE, UNKNOWN_ROUTE } from '../../protocol/index.js';
import { type Delay, NO_DELAY } from '../delay.js';
import type { CallKind, OperationCall } from '../guard/operation-call.js';
import { type Recorder, toEpochMs } from '../recorder.js';
import type { ViewRun } from '../view-run.js';
import type { RawBlock } from '../watchdog/messages.js';
import type { SpanListener } from './accounting.js';
import type { GarbageCollection } from './gc.js';
import type { LoopListener } from './heartbeat.js';
import { type Composition, SmallOperations } from './small-operations.js';
import { type Stretch, Turn } from './turn.js';

export interface BlockListener {
  blockEnded(block: RawBlock): void;
}

interface EndedBlock extends Stretch {
  readonly run: ViewRun | undefined;
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
 * before cannot see: a sync-only operation (told by the guard), the rest of a run's span, and what is left of a turn
 * of the loop that took too long, of which the stacks taken meanwhile may say whose it was. What one has told, the
 * next does not tell again.
 */
export class Blocks implements SpanListener, LoopListener {
  readonly #recorder: Recorder;
  readonly #gc: GarbageCollection;
  readonly #listener: BlockListener;
  readonly #toSharedMs: (nowMs: number) => number;
  readonly #small = new SmallOperations();
  readonly #turn: Turn;
  #blockedMs = 0;
  #attributedMs = 0;

  constructor(parts: {
    recorder: Recorder;
    gc: GarbageCollection;
    listener: BlockListener;
    thresholdMs: number;
    toSharedMs: (nowMs: number) => number;
  }) {
    this.#recorder = parts.recorder;
    this.#gc = parts.gc;
    this.#listener = parts.listener;
    this.#toSharedMs = parts.toSharedMs;
    this.#turn = new Turn(parts.thresholdMs, performance.now());
  }

  /** A sync-only operation has ended. If it held the loop, the recorder has made an incident of it already. */
  operationEnded(call: OperationCall, held: boolean): void {
    if (!held) {
      this.#small.add(call, call.durationMs);
      return;
    }
    const { startedAtMs, durationMs } = call;
    this.#turn.operationEnded(startedAtMs, startedAtMs + durationMs);
    this.#blockedMs += durationMs;
    this.#attributedMs += durationMs;
  }

  /** Another call like `call`, which did not hold the loop. */
  operationRepeated(call: CallKind, durationMs: number): void {
    this.#small.add(call, durationMs);
  }

  spanEnded(run: ViewRun, startedAtMs: number, endedAtMs: number): void {
    for (const stretch of this.#turn.spanEnded(startedAtMs, endedAtMs)) this.#blockEnded(run, stretch, true);
    this.#small.clear();
  }

  /**
   * A stack was taken in the middle of a stall: `run` (undefined: background work) has the loop. Returns since when, at
   * most.
   */
  sampled(run: ViewRun | undefined, nowMs: number, idleMs: number): number {
    return this.#turn.sampled(run, nowMs, idleMs);
  }

  /** True when a wrapped call that held the loop has ended since `fromMs`: what runs now is not what ran then. */
  isPast(fromMs: number): boolean {
    return this.#turn.lastOperationEndMs > fromMs;
  }

  loopTurned(nowMs: number, idleMs: number): void {
    for (const stretch of this.#turn.ended(nowMs, idleMs)) {
      stretch.run?.held(stretch.toMs - stretch.fromMs);
      this.#blockEnded(stretch.run, stretch, stretch.seen);
    }
    this.#recorder.runs.loopTurned(nowMs);
    this.#small.clear();
  }

  /** Seconds of blocked time, and of it the part given to a view, since the last call. */
  drain(): { blockedSeconds: number; attributedSeconds: number } {
    const drained = { blockedSeconds: this.#blockedMs / 1000, attributedSeconds: this.#attributedMs / 1000 };
    this.#blockedMs = this.#attributedMs = 0;
    return drained;
  }

  #blockEnded(run: ViewRun | undefined, { fromMs, toMs }: Stretch, attributed: boolean): void {
    const durationMs = toMs - fromMs;
    // While a program loads, its loop stands still and nobody waits: seen, but no time that anybody lost.
    const cold = run === undefined && this.#recorder.isStarting && fromMs < START_UP_MS;
    if (!cold) this.#blockedMs += durationMs;
    if (!cold && attributed) this.#attributedMs += durationMs;
    const composition = this.#small.compositionOf(durationMs);
    // Not at once: the view may be known better by then, and entries about garbage collection are two turns late.
    const tell = (delay: Delay): void =>
      this.#tell({ run, fromMs, toMs, durationMs, attributed, cold, delay, composition });
    if (cold) {
      setImmediate(() => setImmediate(tell, NO_DELAY));
      return;
    }
    const delay = this.#recorder.runs.delay(run, fromMs, durationMs);
    delay.onSettled(() => tell(delay));
  }

  #tell({ run, fromMs, toMs, durationMs, attributed, cold, delay, composition }: EndedBlock): void {
    const gcMs = this.#gc.overlapMs(fromMs, toMs);
    const cause: Cause = gcMs >= durationMs * GC_SHARE ? 'gc' : 'code';
    // Garbage collection is not the doing of the view that happened to run.
    const isKnown = (attributed || cold) && cause === 'code';
    const route = attributed ? BACKGROUND_ROUTE : START_UP_ROUTE;
    const totals = (isKnown ? run?.view : null) ?? this.#recorder.view('', isKnown ? route : UNKNOWN_ROUTE);
    if (!cold) totals.recordBlock(cause, durationMs);
    this.#listener.blockEnded({
      startedAtMs: this.#toSharedMs(fromMs),
      durationMs,
      at: toEpochMs(fromMs),
      view: isKnown ? totals.view : null,
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
