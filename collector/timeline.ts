import { Histogram, OTHER_ROUTE, quantile, type TimelineBlock, type TimelinePoint } from '../protocol/index.js';
import type { ViewTotals } from './views.js';

const SECONDS = 300;
const VIEWS_A_POINT = 12;
const BLOCKS_A_POINT = 50;

/** The last five minutes of the whole fleet, one point a second. */
export class Timeline {
  readonly #points: Point[] = [];
  /** How late timers ran, as reported since the last point. */
  readonly #delay = new Histogram();
  #fresh: TimelineBlock[] = [];
  #pending: TimelineBlock[] = [];
  #utilizationSum = 0;
  #utilizationCount = 0;

  recordLoop(delay: Parameters<Histogram['merge']>[0], utilization: number): void {
    this.#delay.merge(delay);
    this.#utilizationSum += utilization;
    this.#utilizationCount++;
  }

  recordBlock(block: TimelineBlock): void {
    if (this.#fresh.length < BLOCKS_A_POINT) this.#fresh.push(block);
    if (this.#pending.length < BLOCKS_A_POINT * 4) this.#pending.push(block);
  }

  /** The second that just ended, or with `early` the one that is still going on. Answers the point to send. */
  close(at: number, views: Iterable<ViewTotals>, longestBlockMs: number, early = false): TimelinePoint {
    const delay = this.#delay.data();
    const point: Point = {
      at,
      active: activeByView(views),
      delayP50Ms: quantile(delay, 0.5) * 1000,
      delayP99Ms: Math.max(quantile(delay, 0.99) * 1000, longestBlockMs),
      delayMaxMs: Math.max(delay.max * 1000, longestBlockMs),
      utilization: this.#utilizationCount > 0 ? this.#utilizationSum / this.#utilizationCount : 0,
      blocks: [],
    };
    const sent = { ...point, blocks: this.#fresh };
    this.#fresh = [];
    if (early) return sent;
    this.#delay.reset();
    this.#utilizationSum = 0;
    this.#utilizationCount = 0;
    this.#points.push(point);
    if (this.#points.length > SECONDS) this.#points.shift();
    this.#pending = this.#pending.filter((block) => !this.#place(block, at + 1000));
    return sent;
  }

  points(): readonly TimelinePoint[] {
    return this.#points;
  }

  /** A hold belongs to the second it began in, which is often past when it is reported. False: that is yet to come. */
  #place(block: TimelineBlock, endsAt: number): boolean {
    if (block.at >= endsAt) return false;
    const point = this.#points.findLast((each) => each.at <= block.at);
    if (point !== undefined && point.blocks.length < BLOCKS_A_POINT) point.blocks.push(block);
    return true;
  }
}

type Point = Omit<TimelinePoint, 'blocks'> & { readonly blocks: TimelineBlock[] };

/** The busiest views by name, and the rest as `(other)`. */
function activeByView(views: Iterable<ViewTotals>): Record<string, number> {
  const byName = new Map<string, { peak: number; rank: number }>();
  for (const view of views) {
    const rank = view.rankNow();
    if (view.activePeak === 0) continue;
    const known = byName.get(view.name);
    if (known === undefined) byName.set(view.name, { peak: view.activePeak, rank });
    else {
      known.peak += view.activePeak;
      known.rank += rank;
    }
  }
  const active: Record<string, number> = {};
  let other = 0;
  const ranked = [...byName].sort(([, a], [, b]) => b.rank - a.rank);
  for (const [i, [name, { peak }]] of ranked.entries()) {
    // A name that is a property of every object would be lost in JSON or worse.
    if (i < VIEWS_A_POINT && name !== OTHER_ROUTE && name !== '__proto__') active[name] = peak;
    else other += peak;
  }
  if (other > 0) active[OTHER_ROUTE] = other;
  return active;
}
