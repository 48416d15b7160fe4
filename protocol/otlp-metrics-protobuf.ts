import { fromResource } from './instance-resource.js';
import { SCOPE_NAME } from './otlp.js';
import type { ReadMetrics } from './otlp-metrics-reader.js';
import { PointReader } from './otlp-points-protobuf.js';
import { readResource, readScope } from './otlp-value-protobuf.js';
import { type MetricKey, metricKeyOf } from './point-labels.js';
import { ProtobufReader } from './protobuf-reader.js';
import type { Instance, Report } from './report.js';
import { ReportBuilder } from './report-builder.js';
import { SeenBytes } from './seen-bytes.js';

/** The tag of each kind of data in a Metric. In all of them the points are field 1. */
const GAUGE = 0x2a;
const SUM = 0x3a;
const HISTOGRAM = 0x4a;
const EXPONENTIAL_HISTOGRAM = 0x52;
const SUMMARY = 0x5a;
const DATA: ReadonlySet<number> = /* @__PURE__ */ new Set([GAUGE, SUM, HISTOGRAM, EXPONENTIAL_HISTOGRAM, SUMMARY]);
/** Fields that stand in the same place in many messages: the first one, and a data's temporality. */
const FIRST = 0x0a;
const TEMPORALITY = 0x10;
const CUMULATIVE = 2;

/**
 * Reads the body of `POST /v1/metrics` in protobuf straight into reports. Resources, names and attributes, most of the
 * bytes, are the same every second: what they say is found again by their bytes. So one reader serves all bodies.
 *
 * Field numbers are those of opentelemetry-proto 1.x: https://github.com/open-telemetry/opentelemetry-proto
 */
export class MetricsProtobufReader {
  readonly #instances = new SeenBytes<Instance | null>();
  readonly #names = new SeenBytes<MetricKey | null>();
  readonly #points = new PointReader();
  #reader = new ProtobufReader(new Uint8Array());
  #reports: Report[] = [];
  #ignored = 0;

  /** Throws a `RangeError` on what is no protobuf. */
  read(body: Uint8Array): ReadMetrics {
    const reader = new ProtobufReader(body);
    this.#reader = reader;
    this.#reports = [];
    this.#ignored = 0;
    for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
      if (tag === FIRST) this.#resourceMetrics();
      else reader.skip(tag);
    }
    return { reports: this.#reports, ignoredPoints: this.#ignored };
  }

  #resourceMetrics(): void {
    const reader = this.#reader;
    const outer = reader.enter();
    const start = reader.at;
    const instance = reader.seek(FIRST) ? this.#piece(this.#instances, readInstance) : null;
    reader.at = start;
    for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
      if (tag === 0x12) this.#scopeMetrics(instance);
      else reader.skip(tag);
    }
    reader.leave(outer);
  }

  /** What the piece that comes next says: known by its bytes, or read. */
  #piece<T>(known: SeenBytes<T>, read: (reader: ProtobufReader) => T): T {
    const reader = this.#reader;
    const from = reader.at;
    reader.skip(FIRST);
    const to = reader.at;
    const seen = known.find(reader, from, to);
    if (seen !== undefined) return seen;
    reader.at = from;
    return known.add(reader, from, to, read(reader));
  }

  #scopeMetrics(instance: Instance | null): void {
    const reader = this.#reader;
    const outer = reader.enter();
    const start = reader.at;
    const scope = reader.seek(FIRST) ? readScope(reader) : {};
    const builder = instance !== null && scope.name === SCOPE_NAME ? new ReportBuilder(instance, scope) : null;
    reader.at = start;
    for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
      if (tag === 0x12) this.#metric(builder);
      else reader.skip(tag);
    }
    if (builder !== null) this.#reports.push(builder.report());
    reader.leave(outer);
  }

  #metric(builder: ReportBuilder | null): void {
    const reader = this.#reader;
    const outer = reader.enter();
    let metric: MetricKey | null = null;
    let data = 0;
    let dataAt = 0;
    for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
      if (tag === FIRST) metric = this.#piece(this.#names, readMetricKey);
      else {
        if (DATA.has(tag)) {
          data = tag;
          dataAt = reader.at;
        }
        reader.skip(tag);
      }
    }
    if (data !== 0) {
      reader.at = dataAt;
      this.#data(data, metric, builder);
    }
    reader.leave(outer);
  }

  #data(data: number, metric: MetricKey | null, builder: ReportBuilder | null): void {
    const reader = this.#reader;
    const outer = reader.enter();
    const start = reader.at;
    // What was made cumulative on its way would be counted again and again. Explicit buckets are none of ours.
    const isCumulative = data !== GAUGE && reader.seek(TEMPORALITY) && reader.varint() === CUMULATIVE;
    const isOurs = builder !== null && metric !== null && !isCumulative && data !== HISTOGRAM && data !== SUMMARY;
    reader.at = start;
    for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
      if (tag !== FIRST) reader.skip(tag);
      else if (!isOurs) {
        this.#ignored++;
        reader.skip(tag);
      } else {
        const read = data === EXPONENTIAL_HISTOGRAM ? 'histogram' : 'number';
        if (!this.#points[read](reader, metric, builder)) this.#ignored++;
      }
    }
    reader.leave(outer);
  }
}

function readInstance(reader: ProtobufReader): Instance | null {
  return fromResource(readResource(reader));
}

function readMetricKey(reader: ProtobufReader): MetricKey | null {
  return metricKeyOf(reader.text()) ?? null;
}
