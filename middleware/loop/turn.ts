import type { ViewRun } from '../view-run.js';
import { HEARTBEAT_MS } from '../watchdog/shared.js';

/** An uninterrupted hold of the loop. `performance.now()` milliseconds. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** One that nobody has told of, with what the stacks taken during it say. */
export interface UntoldStretch extends Stretch {
  /** True when someone was seen in it. */
  readonly seen: boolean;
  /** Who was; undefined for background work. */
  readonly run: ViewRun | undefined;
}

interface Sample {
  readonly atMs: number;
  readonly run: ViewRun | undefined;
}

const NONE: readonly never[] = [];

/**
 * The time between two heartbeats, cut where something is known to have begun or ended, so that two holds in one turn
 * of the loop are two blocks. What is short is forgotten at once: in a turn without a stall nothing is kept.
 */
export class Turn {
  readonly #thresholdMs: number;
  #beganAtMs: number;
  /** Where what is not told of yet begins: the last heartbeat, or the end of the last span or operation. */
  #toldUntilMs: number;
  /** Held sync-only operations of the turn. */
  #operations: Stretch[] = [];
  /** Holds between what is known. */
  #gaps: Stretch[] = [];
  #samples: Sample[] = [];
  #lastOperationEndMs = 0;

  constructor(thresholdMs: number, nowMs: number) {
    this.#thresholdMs = thresholdMs;
    this.#beganAtMs = this.#toldUntilMs = nowMs;
  }

  get lastOperationEndMs(): number {
    return this.#lastOperationEndMs;
  }

  operationEnded(fromMs: number, toMs: number): void {
    this.#operations.push({ fromMs, toMs });
    this.#lastOperationEndMs = toMs;
  }

  /** Returns the parts of the span that are blocks, without the operations in it. */
  spanEnded(fromMs: number, toMs: number): readonly Stretch[] {
    if (fromMs - this.#toldUntilMs >= this.#thresholdMs) this.#gaps.push({ fromMs: this.#toldUntilMs, toMs: fromMs });
    if (toMs > this.#toldUntilMs) this.#toldUntilMs = toMs;
    return toMs - fromMs < this.#thresholdMs ? NONE : this.#withoutOperations(fromMs, toMs);
  }

  /** The loop was idle for `idleMs` since the heartbeat. Returns since when, at most, the present hold has lasted. */
  sampled(run: ViewRun | undefined, nowMs: number, idleMs: number): number {
    this.#samples.push({ atMs: nowMs, run });
    return Math.max(this.#toldUntilMs, this.#lastOperationEndMs, this.#beganAtMs + freelyIdle(idleMs));
  }

  /** A heartbeat; the loop was idle for `idleMs` since the one before. Returns the blocks that nobody has told of. */
  ended(nowMs: number, idleMs: number): readonly UntoldStretch[] {
    if (nowMs - this.#toldUntilMs >= this.#thresholdMs) this.#gaps.push({ fromMs: this.#toldUntilMs, toMs: nowMs });
    const untold = this.#gaps.length === 0 ? NONE : this.#untold(idleMs);
    if (this.#gaps.length > 0) this.#gaps = [];
    if (this.#operations.length > 0) this.#operations = [];
    if (this.#samples.length > 0) this.#samples = [];
    this.#beganAtMs = this.#toldUntilMs = nowMs;
    return untold;
  }

  #untold(idleMs: number): UntoldStretch[] {
    // A loop is idle before the first hold only: after one the heartbeat is due.
    let idleLeftMs = freelyIdle(idleMs);
    return this.#gaps.flatMap(({ fromMs, toMs }) => {
      const heldFromMs = Math.min(toMs, fromMs + idleLeftMs);
      idleLeftMs -= heldFromMs - fromMs;
      return this.#withoutOperations(heldFromMs, toMs).flatMap((stretch) => this.#byCulprit(stretch));
    });
  }

  /** The parts at or above the threshold that no operation fills. */
  #withoutOperations(fromMs: number, toMs: number): Stretch[] {
    const parts: Stretch[] = [];
    let beganAtMs = fromMs;
    for (const operation of this.#operations) {
      if (operation.toMs <= fromMs || operation.fromMs >= toMs) continue;
      parts.push({ fromMs: beganAtMs, toMs: operation.fromMs });
      beganAtMs = operation.toMs;
    }
    parts.push({ fromMs: beganAtMs, toMs });
    return parts.filter((part) => part.toMs - part.fromMs >= this.#thresholdMs);
  }

  /** Cut where another run was seen: between the last sample of the one and the first of the other. */
  #byCulprit({ fromMs, toMs }: Stretch): UntoldStretch[] {
    const stretches: UntoldStretch[] = [];
    let beganAtMs = fromMs;
    let last: Sample | null = null;
    for (const sample of this.#samples) {
      if (sample.atMs < fromMs || sample.atMs > toMs) continue;
      if (last !== null && last.run !== sample.run) {
        const cutMs = (last.atMs + sample.atMs) / 2;
        stretches.push({ fromMs: beganAtMs, toMs: cutMs, seen: true, run: last.run });
        beganAtMs = cutMs;
      }
      last = sample;
    }
    stretches.push({ fromMs: beganAtMs, toMs, seen: last !== null, run: last?.run });
    return stretches.filter((stretch) => stretch.toMs - stretch.fromMs >= this.#thresholdMs);
  }
}

/** A loop that sleeps on when its heartbeat is due was not woken: the machine holds it. */
function freelyIdle(idleMs: number): number {
  return Math.min(idleMs, HEARTBEAT_MS + 1);
}
