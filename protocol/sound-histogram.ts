import { EMPTY_HISTOGRAM, type HistogramData, MAX_SCALE, MIN_SCALE } from './histogram.js';

/** More than any agent keeps, and few enough to merge in no time. */
const MAX_BUCKETS = 1000;
/** Powers of two that a double can hold reach from 2^-1074 to 2^1024; no honest bucket lies outside. */
const MAX_EXPONENT = 1100;

/**
 * What a stranger sent, safe to merge: null when its parts contradict one another, because a wrong sum is worse than a
 * missing one, or when merging its buckets with others would cost memory for all that lies between them.
 */
export function soundHistogram(data: HistogramData): HistogramData | null {
  const { scale, count, sum, min, max, zeroCount, offset, counts } = data;
  if (count === 0) return EMPTY_HISTOGRAM;
  if (!Number.isInteger(scale) || scale < MIN_SCALE || scale > MAX_SCALE) return null;
  if (!Number.isInteger(offset) || counts.length > MAX_BUCKETS) return null;
  const reach = MAX_EXPONENT * 2 ** scale + 2;
  if (offset < -reach || offset + counts.length > reach) return null;
  let total = zeroCount;
  for (let i = 0; i < counts.length; i++) {
    const times = counts[i] as number;
    if (!(times >= 0)) return null;
    total += times;
  }
  if (!(total < Number.MAX_SAFE_INTEGER) || !(zeroCount >= 0)) return null;
  // Not exactly: a value that stands for several may weigh a fraction.
  if (!(Math.abs(total - count) <= total * 1e-6)) return null;
  const isWhole = sum >= 0 && sum < Number.MAX_SAFE_INTEGER && min >= 0 && min <= max && max < Number.MAX_SAFE_INTEGER;
  if (isWhole && (max > 0 || counts.length === 0)) return data;
  // Sum, minimum and maximum are optional in OTLP; the buckets' edges bound the values.
  const edge = counts.length === 0 ? 0 : 2 ** ((offset + counts.length) / 2 ** scale);
  // A minute in milliseconds, and everything else that is made of it, must stay a number.
  const most = orZero(max) || Math.min(edge, Number.MAX_SAFE_INTEGER);
  return { ...data, sum: orZero(sum), min: Math.min(orZero(min), most), max: most };
}

function orZero(value: number): number {
  return value > 0 && value < Number.MAX_SAFE_INTEGER ? value : 0;
}
