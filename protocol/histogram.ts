/**
 * Base-2 exponential histograms, as OpenTelemetry's data model defines them: bucket `i` holds the values in
 * `(base^i, base^(i+1)]` with `base = 2^(2^-scale)`. Two of them merge exactly, whatever process they came from,
 * so a percentile of a fleet is computed from the fleet's values and never averaged.
 *
 * Source: https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
 */

/** Buckets an octave: 2^3 = 8, so a quantile is off by at most 9 % (one bucket's width). */
export const DEFAULT_SCALE = 3;
/** More buckets than this and the histogram halves its resolution. 320 at the default scale span 40 octaves. */
export const MAX_BUCKETS = 320;
/** The coarsest and the finest scale OpenTelemetry allows; at -10 one bucket spans 1024 octaves. */
export const MIN_SCALE = -10;
export const MAX_SCALE = 20;

/** What travels. Values are seconds unless the field that holds it says otherwise. */
export interface HistogramData {
  readonly scale: number;
  readonly count: number;
  readonly sum: number;
  /** 0 when `count` is 0. */
  readonly min: number;
  /** 0 when `count` is 0. */
  readonly max: number;
  /** Values that were 0, or no duration at all: negative (a clock that stepped back), infinite or NaN. */
  readonly zeroCount: number;
  /** The index of the first entry of `counts`. */
  readonly offset: number;
  readonly counts: readonly number[];
}

export const EMPTY_HISTOGRAM: HistogramData = {
  scale: DEFAULT_SCALE,
  count: 0,
  sum: 0,
  min: 0,
  max: 0,
  zeroCount: 0,
  offset: 0,
  counts: [],
};

/** The bucket that holds `value` at `scale`. */
export function bucketIndex(value: number, scale: number): number {
  return Math.ceil(Math.log2(value) * 2 ** scale) - 1;
}

/**
 * A histogram that is being recorded into. `record` allocates only when a value widens its range. It can be read and
 * merged as it is; `data` makes a copy of it that stays.
 */
export class Histogram implements HistogramData {
  #scale: number;
  #perOctave: number;
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;
  #zeroCount = 0;
  #offset = 0;
  #counts: number[] = [];

  constructor(scale: number = DEFAULT_SCALE) {
    this.#scale = scale;
    this.#perOctave = 2 ** scale;
  }

  get count(): number {
    return this.#count;
  }

  get sum(): number {
    return this.#sum;
  }

  get scale(): number {
    return this.#scale;
  }

  get min(): number {
    return this.#count === 0 ? 0 : this.#min;
  }

  get max(): number {
    return this.#max;
  }

  get zeroCount(): number {
    return this.#zeroCount;
  }

  get offset(): number {
    return this.#offset;
  }

  /** Goes on changing. */
  get counts(): readonly number[] {
    return this.#counts;
  }

  /** Adds one value; `times` lets a sampled value stand for several. */
  record(value: number, times = 1): void {
    this.#count += times;
    if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
      this.#zeroCount += times;
      this.#min = 0;
      return;
    }
    this.#sum += value * times;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    const at = Math.ceil(Math.log2(value) * this.#perOctave) - 1 - this.#offset;
    const counts = this.#counts;
    if (at >= 0 && at < counts.length) counts[at] = (counts[at] as number) + times;
    else this.#add(at + this.#offset, times);
  }

  /** Adds everything `data` holds, at the coarser of the two scales. */
  merge(data: HistogramData): void {
    if (data.count === 0) return;
    this.#count += data.count;
    this.#sum += data.sum;
    this.#zeroCount += data.zeroCount;
    if (data.min < this.#min) this.#min = data.min;
    if (data.max > this.#max) this.#max = data.max;
    if (data.scale < this.#scale) this.#downscale(this.#scale - data.scale);
    const { counts } = data;
    if (data.scale === this.#scale && this.#counts.length === 0 && counts.length <= MAX_BUCKETS) {
      this.#offset = data.offset;
      this.#counts = counts.slice();
      return;
    }
    const at = data.offset - this.#offset;
    if (data.scale === this.#scale && at >= 0 && at + counts.length <= this.#counts.length) {
      // Within the range that is there already, as it nearly always is.
      const own = this.#counts;
      for (let i = 0; i < counts.length; i++) own[at + i] = (own[at + i] as number) + (counts[i] as number);
      return;
    }
    for (let i = 0; i < counts.length; i++) {
      const times = counts[i] as number;
      // Adding may lower our scale, so the shift is worked out anew for each bucket.
      if (times > 0) this.#add((data.offset + i) >> (data.scale - this.#scale), times);
    }
  }

  /** A copy of what is held, without the empty buckets at its ends. */
  data(): HistogramData {
    const counts = this.#counts;
    let from = 0;
    let to = counts.length;
    while (to > 0 && counts[to - 1] === 0) to--;
    while (from < to && counts[from] === 0) from++;
    return {
      scale: this.#scale,
      count: this.#count,
      sum: this.#sum,
      min: this.min,
      max: this.#max,
      zeroCount: this.#zeroCount,
      offset: from === to ? 0 : this.#offset + from,
      counts: counts.slice(from, to),
    };
  }

  /** Returns what was recorded since the last call and starts again, keeping the allocated buckets. */
  take(): HistogramData {
    const data = this.data();
    this.reset();
    return data;
  }

  reset(): void {
    this.#count = 0;
    this.#sum = 0;
    this.#zeroCount = 0;
    this.#min = Number.POSITIVE_INFINITY;
    this.#max = 0;
    this.#counts.fill(0);
  }

  #add(index: number, times: number): void {
    if (this.#counts.length === 0) this.#offset = index;
    let at = index;
    while (Math.max(at, this.#offset + this.#counts.length - 1) - Math.min(at, this.#offset) >= MAX_BUCKETS) {
      if (this.#scale <= MIN_SCALE) break;
      this.#downscale(1);
      at >>= 1;
    }
    while (at < this.#offset) {
      this.#counts.unshift(0);
      this.#offset--;
    }
    while (at >= this.#offset + this.#counts.length) this.#counts.push(0);
    this.#counts[at - this.#offset] = (this.#counts[at - this.#offset] as number) + times;
  }

  #downscale(by: number): void {
    const offset = this.#offset >> by;
    const counts: number[] = [];
    for (let i = 0; i < this.#counts.length; i++) {
      const at = ((this.#offset + i) >> by) - offset;
      counts[at] = (counts[at] ?? 0) + (this.#counts[i] as number);
    }
    this.#scale -= by;
    this.#perOctave = 2 ** this.#scale;
    this.#offset = offset;
    this.#counts = counts;
  }
}

/** One histogram with everything that `parts` hold. */
export function mergeHistograms(parts: Iterable<HistogramData>): HistogramData {
  const merged = new Histogram();
  for (const part of parts) merged.merge(part);
  return merged.data();
}

/**
 * The value below which the share `q` (0 to 1) of the values lies: the geometric middle of its bucket, held within
 * the recorded minimum and maximum. 0 for an empty histogram.
 */
export function quantile(data: HistogramData, q: number): number {
  if (data.count === 0) return 0;
  const rank = Math.max(1, Math.ceil(q * data.count));
  if (rank >= data.count) return data.max;
  let seen = data.zeroCount;
  if (rank <= seen) return 0;
  for (let i = 0; i < data.counts.length; i++) {
    seen += data.counts[i] as number;
    if (seen >= rank) {
      const middle = 2 ** ((data.offset + i + 0.5) / 2 ** data.scale);
      return Math.min(data.max, Math.max(data.min, middle));
    }
  }
  return data.max;
}

/** One cumulative Prometheus bucket: how many values were at most `le`. */
export interface CumulativeBucket {
  readonly le: number;
  readonly count: number;
}

/**
 * Classic Prometheus buckets at powers of two from `2^fromExponent` to `2^toExponent`. Because a power of two is
 * always a bucket boundary of an exponential histogram, these counts are exact at every scale of 0 or more.
 */
export function powerOfTwoBuckets(data: HistogramData, fromExponent: number, toExponent: number): CumulativeBucket[] {
  const perOctave = 2 ** data.scale;
  const buckets: CumulativeBucket[] = [];
  let seen = data.zeroCount;
  let i = 0;
  for (let exponent = fromExponent; exponent <= toExponent; exponent++) {
    // Bucket i reaches up to 2^((i + 1) / perOctave).
    while (i < data.counts.length && (data.offset + i + 1) / perOctave <= exponent) {
      seen += data.counts[i] as number;
      i++;
    }
    buckets.push({ le: 2 ** exponent, count: seen });
  }
  return buckets;
}
