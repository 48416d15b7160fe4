import type { BlockedNow, IncidentDelta, LoopReport, View } from '../../protocol/index.js';
import type { Arming } from './arming.js';
import { type IncidentBuilder, isStarved } from './incident-builder.js';
import type { RawBlock } from './messages.js';
import { hrtimeMs, type SharedState } from './shared.js';
import type { StackCapture } from './stack-capture.js';
import { RecentStalls, type Stall } from './stall.js';
import type { StallListener } from './stall-detector.js';
import type { Starvation } from './starvation.js';

/** From when on a stall is told of while it lasts, and how often. */
const LIVE_FROM_MS = 200;
const LIVE_EVERY_MS = 500;
/** From when on its incident is sent while it lasts: again at each doubling of its age. */
const SHIP_FROM_MS = 300;

export interface StallWatchParts {
  readonly shared: SharedState;
  readonly capture: StackCapture;
  readonly builder: IncidentBuilder;
  readonly starvation: Starvation;
  readonly arming: Arming;
  readonly blockThresholdMs: number;
  /** The loop is held now, or (null) no longer. */
  readonly onBlocked: (blocked: BlockedNow | null) => void;
  readonly onIncident: (incident: IncidentDelta) => void;
}

/** Follows each stall: has its stack taken, tells of it while it lasts, and knows it again when its block is told of. */
export class StallWatch implements StallListener {
  readonly #parts: StallWatchParts;
  readonly #recent = new RecentStalls();
  #current: Stall | null = null;
  #nobodysMs = 0;

  constructor(parts: StallWatchParts) {
    this.#parts = parts;
  }

  /** How long the loop is held right now; null when it turns, or only just stopped. */
  get blockedNow(): BlockedNow | null {
    const stall = this.#current;
    if (stall === null || stall.reportedAtMs === 0) return null;
    return { forSeconds: stall.ageMs(hrtimeMs()) / 1000, view: this.#viewOf(stall) };
  }

  /**
   * The loop's blocked time without what starvation and garbage collection held: that is nobody's, so it must not make
   * the coverage of what could be given to a view look worse. What is told later than its report counts in the next.
   */
  ownBlockedTime(loop: LoopReport): LoopReport {
    const spareMs = (loop.blockedSeconds - loop.attributedSeconds) * 1000;
    const takenMs = Math.min(spareMs, this.#nobodysMs);
    this.#nobodysMs -= takenMs;
    return { ...loop, blockedSeconds: loop.blockedSeconds - takenMs / 1000 };
  }

  stalled(stall: Stall, nowMs: number): void {
    if (stall !== this.#current) {
      this.#current = stall;
      this.#recent.add(stall);
    }
    this.#parts.capture.stalled(stall, nowMs);
    const ageMs = stall.ageMs(nowMs);
    if (ageMs >= LIVE_FROM_MS && nowMs - stall.reportedAtMs >= LIVE_EVERY_MS) {
      stall.reportedAtMs = nowMs;
      const view = this.#isStarved(stall, nowMs) ? null : this.#viewOf(stall);
      this.#parts.onBlocked({ forSeconds: ageMs / 1000, view });
    }
    if (ageMs >= (stall.shipped?.nextAtAgeMs ?? SHIP_FROM_MS)) {
      const incident = this.#isStarved(stall, nowMs) ? null : this.#parts.builder.ongoing(stall, ageMs);
      if (incident !== null) this.#parts.onIncident(incident);
    }
  }

  stallEnded(stall: Stall): void {
    if (stall === this.#current) this.#current = null;
    if (stall.reportedAtMs !== 0) this.#parts.onBlocked(null);
  }

  blockEnded(raw: RawBlock): void {
    const endMs = raw.startedAtMs + raw.durationMs;
    const stall = this.#recent.overlapping(raw.startedAtMs, endMs);
    // The news of the block may be here before the tick that would have noticed.
    this.#parts.starvation.look(hrtimeMs());
    const processor = this.#parts.starvation.during(raw.startedAtMs, endMs);
    const incident = this.#parts.builder.block(raw, stall, processor);
    this.#parts.onIncident(incident);
    if (incident.cause !== 'code' && raw.view === null && !raw.cold) this.#nobodysMs += raw.durationMs;
    // A block of code without a site: next time, let the main thread look closer.
    if (incident.cause === 'code' && incident.site.file === '') this.#parts.arming.arm(hrtimeMs());
  }

  #viewOf(stall: Stall): View | null {
    const sample = stall.stacks.at(-1);
    const seen = sample === undefined ? null : this.#parts.builder.viewOf(sample);
    return seen ?? this.#parts.builder.view(this.#parts.shared.currentViewId);
  }

  #isStarved(stall: Stall, nowMs: number): boolean {
    const processor = this.#parts.starvation.during(stall.startedAtMs, nowMs);
    return isStarved(stall.ageMs(nowMs), processor, this.#parts.blockThresholdMs);
  }
}
