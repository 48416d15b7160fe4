import { fromKeyValues, fromNanos, number } from './otlp-value.js';
import { readAttributes } from './otlp-value-protobuf.js';
import { type MetricKey, type PointLabels, toLabels } from './point-labels.js';
import type { ProtobufReader } from './protobuf-reader.js';
import type { ReportBuilder } from './report-builder.js';
import { SeenBytes } from './seen-bytes.js';

const NUMBER_ATTRIBUTES = 0x3a;
const HISTOGRAM_ATTRIBUTES = 0x0a;

/** Reads data points. One reader serves all bodies: attributes are the same every second. */
export class PointReader {
  readonly #labels = new SeenBytes<PointLabels>();
  readonly #seen = new AttributesSeen();

  /** A NumberDataPoint; false when the metric has none such. */
  number(reader: ProtobufReader, metric: MetricKey, builder: ReportBuilder): boolean {
    const outer = reader.enter();
    const start = reader.at;
    const seen = this.#seen.reset();
    let value = 0;
    for (;;) {
      const before = reader.at;
      const tag = reader.next();
      if (tag === 0) break;
      if (tag === NUMBER_ATTRIBUTES) seen.pass(reader, before);
      else if (tag === 0x11) readStart(reader, builder);
      else if (tag === 0x19) readEnd(reader, builder);
      else if (tag === 0x21) value = reader.double();
      else if (tag === 0x31) value = reader.sfixed64();
      else reader.skip(tag);
    }
    const labels = this.#labelsOf(reader, start, NUMBER_ATTRIBUTES);
    reader.leave(outer);
    return builder.value(metric, labels, number(value));
  }

  /** An ExponentialHistogramDataPoint; false when the metric has none such. */
  histogram(reader: ProtobufReader, metric: MetricKey, builder: ReportBuilder): boolean {
    const outer = reader.enter();
    const start = reader.at;
    const seen = this.#seen.reset();
    const counts: number[] = [];
    let scale = 0;
    let count = 0;
    let sum = 0;
    let min = 0;
    let max = 0;
    let zeroCount = 0;
    let offset = 0;
    for (;;) {
      const before = reader.at;
      const tag = reader.next();
      if (tag === 0) break;
      if (tag === HISTOGRAM_ATTRIBUTES) seen.pass(reader, before);
      else if (tag === 0x11) readStart(reader, builder);
      else if (tag === 0x19) readEnd(reader, builder);
      else if (tag === 0x21) count = reader.fixed64();
      else if (tag === 0x29) sum = number(reader.double());
      else if (tag === 0x30) scale = reader.sint32();
      else if (tag === 0x39) zeroCount = reader.fixed64();
      else if (tag === 0x42) offset = readBuckets(reader, counts);
      else if (tag === 0x61) min = number(reader.double());
      else if (tag === 0x69) max = number(reader.double());
      else reader.skip(tag);
    }
    const labels = this.#labelsOf(reader, start, HISTOGRAM_ATTRIBUTES);
    reader.leave(outer);
    return builder.histogram(metric, labels, { scale, count, sum, min, max, zeroCount, offset, counts });
  }

  #labelsOf(reader: ProtobufReader, start: number, tag: number): PointLabels {
    const { from, to, isScattered } = this.#seen;
    const known = isScattered ? undefined : this.#labels.find(reader, from, to);
    if (known !== undefined) return known;
    reader.at = start;
    const labels = toLabels(fromKeyValues(readAttributes(reader, tag)));
    return isScattered ? labels : this.#labels.add(reader, from, to, labels);
  }
}

/** Where in a point its attributes are: in one piece, as whoever writes in order has them. */
class AttributesSeen {
  from = 0;
  to = 0;
  isScattered = false;

  reset(): this {
    this.from = 0;
    this.to = 0;
    this.isScattered = false;
    return this;
  }

  /** Passes one attribute, whose tag began at `before`. */
  pass(reader: ProtobufReader, before: number): void {
    if (this.to === 0) this.from = reader.at;
    else if (this.to !== before) this.isScattered = true;
    reader.skip(HISTOGRAM_ATTRIBUTES);
    this.to = reader.at;
  }
}

/** All points of a report tell the same two times. */
function readStart(reader: ProtobufReader, builder: ReportBuilder): void {
  if (builder.startMs === 0) builder.startMs = fromNanos(reader.fixed64());
  else reader.skip(0x11);
}

function readEnd(reader: ProtobufReader, builder: ReportBuilder): void {
  if (builder.endMs === 0) builder.endMs = fromNanos(reader.fixed64());
  else reader.skip(0x19);
}

/** Adds the counts, packed or not, and answers the offset. */
function readBuckets(reader: ProtobufReader, counts: number[]): number {
  let offset = 0;
  const outer = reader.enter();
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === 0x08) offset = reader.sint32();
    else if (tag === 0x12) reader.varints(counts);
    else if (tag === 0x10) counts.push(reader.varint());
    else reader.skip(tag);
  }
  reader.leave(outer);
  return offset;
}
