import { type BlockMark, type Category, type Cause, type IncidentKind, LIMITS, type View } from '../protocol/index.js';
import type { Delay } from './delay.js';
import type { RawFrame, RawIncident, RawSample } from './watchdog/messages.js';

/** What makes occurrences one group within a process. */
export interface IncidentIdentity {
  readonly kind: IncidentKind;
  readonly operation: string;
  readonly category: Category;
  readonly cause: Cause;
  readonly view: View;
  readonly stack: readonly RawFrame[];
  readonly alternative: string;
  readonly allowed: string;
}

/** The occurrences of one incident since they were last sent. */
export class IncidentGroup {
  readonly id: number;
  readonly #identity: IncidentIdentity;
  #sent = false;
  #count = 0;
  #coldCount = 0;
  #thrownCount = 0;
  #totalMs = 0;
  #maxMs = 0;
  #delayedRequests = 0;
  #delayedMs = 0;
  #lastSeen = 0;
  #samples: RawSample[] = [];
  #blocks: BlockMark[] = [];

  constructor(id: number, identity: IncidentIdentity) {
    this.id = id;
    this.#identity = identity;
  }

  /** True when something happened since the last `take`. */
  get changed(): boolean {
    return this.#lastSeen !== 0;
  }

  record(at: number, durationMs: number, cold: boolean, thrown: boolean): void {
    if (cold) this.#coldCount++;
    else this.#count++;
    if (thrown) this.#thrownCount++;
    this.#totalMs += durationMs;
    if (durationMs > this.#maxMs) this.#maxMs = durationMs;
    this.#lastSeen = at;
  }

  /** The occurrence just recorded held the loop for at least the threshold. False when there was no room for it. */
  recordDelay(delay: Delay, mark: BlockMark, traceId: string): boolean {
    this.#delayedRequests += delay.requests;
    this.#delayedMs += delay.totalMs;
    const kept = this.#blocks.length < LIMITS.blocksPerReport;
    if (kept) this.#blocks.push(mark);
    return this.addSample({ ...mark, delayed: delay.worst, traceId }) && kept;
  }

  /** Keeps a sample if there is room; returns whether it did. */
  addSample(sample: RawSample): boolean {
    if (this.#samples.length >= LIMITS.samplesPerGroup) return false;
    this.#samples.push(sample);
    return true;
  }

  /** True until it has been sent or has a sample. */
  get isNew(): boolean {
    return !this.#sent && this.#samples.length === 0;
  }

  /** Returns the increments and starts again. The stack goes with the first ones only. */
  take(): RawIncident {
    const { stack, ...identity } = this.#identity;
    const taken: RawIncident = {
      ...identity,
      groupId: this.id,
      stack: this.#sent ? null : stack,
      count: this.#count,
      coldCount: this.#coldCount,
      thrownCount: this.#thrownCount,
      totalMs: this.#totalMs,
      maxMs: this.#maxMs,
      delayedRequests: this.#delayedRequests,
      delayedMs: this.#delayedMs,
      lastSeen: this.#lastSeen,
      samples: this.#samples,
      blocks: this.#blocks,
    };
    this.#sent = true;
    this.#count = this.#coldCount = this.#thrownCount = 0;
    this.#totalMs = this.#maxMs = this.#delayedRequests = this.#delayedMs = this.#lastSeen = 0;
    this.#samples = [];
    this.#blocks = [];
    return taken;
  }
}
