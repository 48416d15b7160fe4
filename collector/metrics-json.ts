import type {
  ExponentialHistogramDataPoint,
  ExportMetricsRequest,
  KeyValue,
  Metric,
  NumberDataPoint,
  Resource,
  Scope,
} from '../protocol/index.js';

/**
 * Reads a report's JSON several times as fast as `JSON.parse` when it is written just as `toOtlpMetrics` and
 * `JSON.stringify` write it, which is what thousands of watchdogs send each second. Attributes, most of the bytes, are
 * the same every second, so each text of them is parsed once and then found again.
 *
 * It answers null for everything else, faults included: `JSON.parse` has the word then.
 */
export function readMetricsJson(body: Buffer): ExportMetricsRequest | null {
  try {
    return new MetricsReader(body.toString('utf8')).request();
  } catch (error) {
    if (error === OTHERWISE) return null;
    throw error;
  }
}

/** It is written in some other way. */
const OTHERWISE = new Error('Not written as expected.');

const COMMA = 0x2c;
const QUOTE = 0x22;
const ZERO = 0x30;
const NINE = 0x39;
const CLOSE_LIST = 0x5d;

/** Attribute texts that are remembered, and how long one may be. Beyond that all are forgotten and learnt again. */
const REMEMBERED = 20_000;
const MAX_TEXT = 2000;
/** How attributes end whose last value is a text. */
const END_OF_ATTRIBUTES = '"}}]';

let attributeTexts = new Map<string, readonly KeyValue[]>();
const NO_ATTRIBUTES: readonly KeyValue[] = Object.freeze([]) as readonly KeyValue[];

class MetricsReader {
  readonly #text: string;
  #at = 0;
  /** All points of a report have the same two times. */
  #timeTexts = ['', ''];
  #times = [0, 0];

  constructor(text: string) {
    this.#text = text;
  }

  request(): ExportMetricsRequest {
    this.#expect('{"resourceMetrics":[{"resource":');
    const resource = this.#until(',"scopeMetrics":[{"scope":') as Resource;
    const scope = this.#until(',"metrics":[') as Scope;
    const metrics: Metric[] = [];
    if (this.#text.charCodeAt(this.#at) !== CLOSE_LIST) {
      do metrics.push(this.#metric());
      while (this.#more());
    } else this.#at++;
    this.#expect('}]}]}');
    if (this.#at !== this.#text.length) throw OTHERWISE;
    return { resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics }] }] };
  }

  #metric(): Metric {
    this.#expect('{"name":"');
    const name = this.#name();
    this.#expect(',"unit":"');
    const unit = this.#name();
    if (this.#is(',"exponentialHistogram":{"dataPoints":[')) {
      const dataPoints: ExponentialHistogramDataPoint[] = [];
      do dataPoints.push(this.#histogramPoint());
      while (this.#more());
      this.#expect(',"aggregationTemporality":1}}');
      return { name, unit, exponentialHistogram: { dataPoints, aggregationTemporality: 1 } };
    }
    const isGauge = this.#is(',"gauge":{"dataPoints":[');
    if (!isGauge) this.#expect(',"sum":{"dataPoints":[');
    const dataPoints: NumberDataPoint[] = [];
    do dataPoints.push(this.#numberPoint());
    while (this.#more());
    if (isGauge) {
      this.#expect('}}');
      return { name, unit, gauge: { dataPoints } };
    }
    this.#expect(',"aggregationTemporality":1,"isMonotonic":true}}');
    return { name, unit, sum: { dataPoints, aggregationTemporality: 1, isMonotonic: true } };
  }

  #numberPoint(): NumberDataPoint {
    this.#expect('{"attributes":');
    const attributes = this.#attributes();
    this.#expect(',"startTimeUnixNano":"');
    const startTimeUnixNano = this.#time(0);
    this.#expect('","timeUnixNano":"');
    const timeUnixNano = this.#time(1);
    this.#expect('","asDouble":');
    const asDouble = this.#number();
    this.#expect('}');
    return { attributes, startTimeUnixNano, timeUnixNano, asDouble };
  }

  #histogramPoint(): ExponentialHistogramDataPoint {
    this.#expect('{"attributes":');
    const attributes = this.#attributes();
    this.#expect(',"startTimeUnixNano":"');
    const startTimeUnixNano = this.#time(0);
    this.#expect('","timeUnixNano":"');
    const timeUnixNano = this.#time(1);
    this.#expect('","count":"');
    const count = this.#number();
    this.#expect('","sum":');
    const sum = this.#number();
    this.#expect(',"min":');
    const min = this.#number();
    this.#expect(',"max":');
    const max = this.#number();
    this.#expect(',"scale":');
    const scale = this.#number();
    this.#expect(',"zeroCount":"');
    const zeroCount = this.#number();
    this.#expect('","positive":{"offset":');
    const offset = this.#number();
    this.#expect(',"bucketCounts":[');
    const bucketCounts = this.#bucketCounts();
    this.#expect('}}');
    const positive = { offset, bucketCounts };
    return { attributes, startTimeUnixNano, timeUnixNano, count, sum, min, max, scale, zeroCount, positive };
  }

  /** Most of the numbers of a report are here, so this is written out: `"12","3"]`. */
  #bucketCounts(): number[] {
    const text = this.#text;
    const counts: number[] = [];
    let at = this.#at;
    if (text.charCodeAt(at) === CLOSE_LIST) {
      this.#at = at + 1;
      return counts;
    }
    for (;;) {
      if (text.charCodeAt(at) !== QUOTE) throw OTHERWISE;
      const from = ++at;
      let value = 0;
      let code = text.charCodeAt(at);
      for (; code >= ZERO && code <= NINE; code = text.charCodeAt(++at)) value = value * 10 + (code - ZERO);
      if (code !== QUOTE || at === from || at - from > 15) {
        // A value that stands for several may weigh a fraction.
        this.#at = from;
        value = this.#number();
        at = this.#at;
        if (text.charCodeAt(at) !== QUOTE) throw OTHERWISE;
      }
      counts.push(value);
      code = text.charCodeAt(at + 1);
      at += 2;
      if (code === CLOSE_LIST) break;
      if (code !== COMMA) throw OTHERWISE;
    }
    this.#at = at;
    return counts;
  }

  #attributes(): readonly KeyValue[] {
    if (this.#is('[]')) return NO_ATTRIBUTES;
    const from = this.#at;
    const to = this.#text.indexOf(END_OF_ATTRIBUTES, from) + END_OF_ATTRIBUTES.length;
    if (to < from + END_OF_ATTRIBUTES.length || to - from > MAX_TEXT) throw OTHERWISE;
    const text = this.#text.slice(from, to);
    this.#at = to;
    const known = attributeTexts.get(text);
    if (known !== undefined) return known;
    // What parses whole is whole: the end was found right, and no text went on after it.
    const pairs = parse(text);
    if (!Array.isArray(pairs)) throw OTHERWISE;
    if (attributeTexts.size >= REMEMBERED) attributeTexts = new Map();
    // `text` is a view into the whole body; a copy of it is not.
    attributeTexts.set(Buffer.from(text).toString(), Object.freeze(pairs) as readonly KeyValue[]);
    return pairs;
  }

  /** Parses what stands before the first `end`, and passes both. */
  #until(end: string): unknown {
    const to = this.#text.indexOf(end, this.#at);
    if (to < 0 || to - this.#at > MAX_TEXT * 5) throw OTHERWISE;
    const value = parse(this.#text.slice(this.#at, to));
    this.#at = to + end.length;
    return value;
  }

  /** The rest of a short text without escapes. */
  #name(): string {
    const to = this.#text.indexOf('"', this.#at);
    if (to < 0 || to - this.#at > MAX_TEXT) throw OTHERWISE;
    const name = this.#text.slice(this.#at, to);
    if (name.includes('\\')) throw OTHERWISE;
    this.#at = to + 1;
    return name;
  }

  #time(which: 0 | 1): number {
    const known = this.#timeTexts[which] as string;
    if (
      known !== '' &&
      this.#text.startsWith(known, this.#at) &&
      this.#text.charCodeAt(this.#at + known.length) === QUOTE
    ) {
      this.#at += known.length;
      return this.#times[which] as number;
    }
    const from = this.#at;
    const time = this.#number();
    this.#timeTexts[which] = this.#text.slice(from, this.#at);
    this.#times[which] = time;
    return time;
  }

  #number(): number {
    const text = this.#text;
    const from = this.#at;
    let at = from;
    let code = text.charCodeAt(at);
    let value = 0;
    for (; code >= ZERO && code <= NINE; code = text.charCodeAt(++at)) value = value * 10 + (code - ZERO);
    // A few digits and then the next thing: whole and exact.
    if ((code === COMMA || code === QUOTE) && at - from <= 15 && at > from) {
      this.#at = at;
      return value;
    }
    // Digits, point, signs, exponent.
    while ((code >= ZERO && code <= NINE) || code === 0x2e || code === 0x2d || code === 0x2b || code === 0x65) {
      code = text.charCodeAt(++at);
    }
    const exact = at > from ? Number(text.slice(from, at)) : Number.NaN;
    if (Number.isNaN(exact)) throw OTHERWISE;
    this.#at = at;
    return exact;
  }

  /** After an item of a list: is there another? */
  #more(): boolean {
    const code = this.#text.charCodeAt(this.#at++);
    if (code === COMMA) return true;
    if (code === CLOSE_LIST) return false;
    throw OTHERWISE;
  }

  #is(expected: string): boolean {
    if (!this.#text.startsWith(expected, this.#at)) return false;
    this.#at += expected.length;
    return true;
  }

  #expect(expected: string): void {
    if (!this.#text.startsWith(expected, this.#at)) throw OTHERWISE;
    this.#at += expected.length;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw OTHERWISE;
  }
}
