import { Histogram, OTHER_ROUTE, type TimelineBlock, type TimelinePoint } from '../protocol/index.js';
import { isPlainName, KEEP_SECONDS_MS, mergePoints, toTimelinePoint } from './store/history.js';
import type { HistoryPoint } from './store/store.js';
import type { ViewTotals } from './views.js';

const SECONDS = KEEP_SECONDS_MS / 1000;
/** What a page gets when it connects. */
const SNAPSHOT_SECONDS = 300;
const VIEWS_A_POINT = 12;
const BLOCKS_A_POINT = 50;

/** The last 15 minutes of the whole fleet, one point a second. */
export class Timeline {
  readonly #points: Point[] = [];
  readonly #unsaved = new Set<Point>();
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
    const point: Point = {
      at,
      active: activeByView(views),
      delay: this.#delay.data(),
      longestBlockMs,
      utilizationSum: this.#utilizationSum,
      utilizationCount: this.#utilizationCount,
      blocks: [],
    };
    const sent = { ...toTimelinePoint(point), blocks: this.#fresh };
    this.#fresh = [];
    if (early) return sent;
    this.#delay.reset();
    this.#utilizationSum = 0;
    this.#utilizationCount = 0;
    this.#add(point);
    this.#pending = this.#pending.filter((block) => !this.#place(block, at + 1000));
    return sent;
  }

  /** The last minutes, for a page that just opened. */
  recent(): readonly TimelinePoint[] {
    return this.#points.slice(-SNAPSHOT_SECONDS).map(toTimelinePoint);
  }

  seconds(): readonly HistoryPoint[] {
    return this.#points;
  }

  /** What an earlier run saw. */
  restore(points: readonly HistoryPoint[]): void {
    this.#points.unshift(...points.slice(-SECONDS).map((point) => ({ ...point, blocks: [...point.blocks] })));
  }

  /** The seconds that the store does not have yet, or not as they are now. */
  takeUnsaved(): HistoryPoint[] {
    const points = [...this.#unsaved];
    this.#unsaved.clear();
    return points;
  }

  /** A clock that stands or steps back adds to the newest second, so that there is one point a second, in order. */
  #add(point: Point): void {
    const last = this.#points.at(-1);
    if (last !== undefined && point.at <= last.at) {
      this.#points.pop();
      this.#unsaved.delete(last);
      const merged = mergePoints(last.at, [last, point], false);
      this.#add({ ...merged, blocks: [...merged.blocks] });
      return;
    }
    this.#points.push(point);
    this.#unsaved.add(point);
    if (this.#points.length > SECONDS) this.#unsaved.delete(this.#points.shift() as Point);
  }

  /** A hold belongs to the second it began in, which is often past when it is reported. False: that is yet to come. */
  #place(block: TimelineBlock, endsAt: number): boolean {
    if (block.at >= endsAt) return false;
    const point = this.#points.findLast((each) => each.at <= block.at);
    if (point !== undefined && point.blocks.length < BLOCKS_A_POINT) {
      point.blocks.push(block);
      this.#unsaved.add(point);
    }
    return true;
  }
}

type Point = Omit<HistoryPoint, 'blocks'> & { readonly blocks: TimelineBlock[] };

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
    if (i < VIEWS_A_POINT && name !== OTHER_ROUTE && isPlainName(name)) active[name] = peak;
    else other += peak;
  }
  if (other > 0) active[OTHER_ROUTE] = other;
  return active;
}
