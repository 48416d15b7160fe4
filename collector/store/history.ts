import { Histogram, OTHER_ROUTE, quantile, type TimelinePoint } from '../../protocol/index.js';
import type { HistoryPoint } from './store.js';

const VIEWS_A_POINT = 12;
const BLOCKS_A_POINT = 50;

/** The resolutions that are kept, finest first, and for how long. */
export const SECOND_MS = 1000;
export const TEN_SECONDS_MS = 10_000;
export const MINUTE_MS = 60_000;
export const KEEP_SECONDS_MS = 15 * MINUTE_MS;
export const KEEP_TEN_SECONDS_MS = 3 * 60 * MINUTE_MS;

/** The view's own name cannot be a key when every object has a property of that name. */
export function isPlainName(name: string): boolean {
  return name !== '__proto__';
}

/**
 * One point of several. `together`: they show the same time in different collectors, so requests in flight add up;
 * otherwise they follow one another, and the most in flight is the most of any.
 */
export function mergePoints(at: number, points: readonly HistoryPoint[], together: boolean): HistoryPoint {
  const [only] = points;
  if (points.length === 1 && only !== undefined && only.at === at) return only;
  const active = new Map<string, number>();
  const delay = new Histogram();
  let longestBlockMs = 0;
  let utilizationSum = 0;
  let utilizationCount = 0;
  for (const point of points) {
    for (const [name, count] of Object.entries(point.active)) {
      const known = active.get(name) ?? 0;
      active.set(name, together ? known + count : Math.max(known, count));
    }
    delay.merge(point.delay);
    longestBlockMs = Math.max(longestBlockMs, point.longestBlockMs);
    utilizationSum += point.utilizationSum;
    utilizationCount += point.utilizationCount;
  }
  const blocks = points.flatMap((point) => point.blocks);
  if (blocks.length > BLOCKS_A_POINT) blocks.sort((a, b) => b.durationMs - a.durationMs);
  return {
    at,
    active: busiest(active),
    delay: delay.data(),
    longestBlockMs,
    utilizationSum,
    utilizationCount,
    blocks: blocks.slice(0, BLOCKS_A_POINT).sort((a, b) => a.at - b.at),
  };
}

/** Points in slots of `stepMs`: first those of one collector, then the collectors together. Oldest first. */
export function toSlots(
  rows: readonly { readonly collector: string; readonly point: HistoryPoint }[],
  stepMs: number,
): HistoryPoint[] {
  const slots = new Map<number, Map<string, HistoryPoint[]>>();
  for (const { collector, point } of rows) {
    const at = Math.floor(point.at / stepMs) * stepMs;
    const slot = getOrAdd(slots, at, () => new Map<string, HistoryPoint[]>());
    getOrAdd(slot, collector, () => []).push(point);
  }
  return [...slots]
    .sort(([a], [b]) => a - b)
    .map(([at, collectors]) =>
      mergePoints(
        at,
        Array.from(collectors.values(), (points) => mergePoints(at, points, false)),
        true,
      ),
    );
}

/** As the page shows it. */
export function toTimelinePoint(point: HistoryPoint): TimelinePoint {
  const { at, active, delay, longestBlockMs, blocks } = point;
  return {
    at,
    active,
    delayP50Ms: quantile(delay, 0.5) * 1000,
    delayP99Ms: Math.max(quantile(delay, 0.99) * 1000, longestBlockMs),
    delayMaxMs: Math.max(delay.max * 1000, longestBlockMs),
    utilization: point.utilizationCount > 0 ? point.utilizationSum / point.utilizationCount : 0,
    blocks,
  };
}

function busiest(active: ReadonlyMap<string, number>): Record<string, number> {
  const ranked = [...active].sort(([, a], [, b]) => b - a);
  const kept: Record<string, number> = {};
  let names = 0;
  let other = 0;
  for (const [name, count] of ranked) {
    if (name !== OTHER_ROUTE && isPlainName(name) && names < VIEWS_A_POINT) {
      kept[name] = count;
      names++;
    } else other += count;
  }
  if (other > 0) kept[OTHER_ROUTE] = other;
  return kept;
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
