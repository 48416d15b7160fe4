import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type {
  AnyValue,
  ExponentialBuckets,
  ExponentialHistogramDataPoint,
  ExportLogsRequest,
  ExportMetricsRequest,
  KeyValue,
  LogRecord,
  Metric,
  NumberDataPoint,
  Resource,
  ResourceLogs,
  ResourceMetrics,
  Scope,
  ScopeLogs,
  ScopeMetrics,
} from '../protocol/index.js';

/**
 * OTLP in protobuf, as the same objects that its JSON gives: the fields that Holdup reads, by their numbers in
 * opentelemetry-proto 1.x; all others are skipped. Throws on what is no protobuf.
 *
 * Source: https://github.com/open-telemetry/opentelemetry-proto
 */
export function readMetricsProtobuf(body: Uint8Array): ExportMetricsRequest {
  const resourceMetrics: ResourceMetrics[] = [];
  message(new BinaryReader(body), body.length, (reader, field) => {
    if (field !== 1) return false;
    const scopeMetrics: ScopeMetrics[] = [];
    const read: Mutable<ResourceMetrics> = { scopeMetrics };
    nested(reader, (field) => {
      if (field === 1) read.resource = readResource(reader);
      else if (field === 2) scopeMetrics.push(readScopeMetrics(reader));
      else return false;
      return true;
    });
    resourceMetrics.push(read);
    return true;
  });
  return { resourceMetrics };
}

export function readLogsProtobuf(body: Uint8Array): ExportLogsRequest {
  const resourceLogs: ResourceLogs[] = [];
  message(new BinaryReader(body), body.length, (reader, field) => {
    if (field !== 1) return false;
    const scopeLogs: ScopeLogs[] = [];
    const read: Mutable<ResourceLogs> = { scopeLogs };
    nested(reader, (field) => {
      if (field === 1) read.resource = readResource(reader);
      else if (field === 2) scopeLogs.push(readScopeLogs(reader));
      else return false;
      return true;
    });
    resourceLogs.push(read);
    return true;
  });
  return { resourceLogs };
}

/** `ExportMetricsServiceResponse` and `ExportLogsServiceResponse` alike. */
export function writeResponseProtobuf(rejected: number, errorMessage: string): Uint8Array {
  const writer = new BinaryWriter();
  if (rejected > 0 || errorMessage !== '') {
    writer.tag(1, WireType.LengthDelimited).fork();
    if (rejected > 0) writer.tag(1, WireType.Varint).int64(rejected);
    writer.tag(2, WireType.LengthDelimited).string(errorMessage).join();
  }
  return writer.finish();
}

/** `google.rpc.Status`, what OTLP wants an error to be. */
export function writeStatusProtobuf(detail: string): Uint8Array {
  return new BinaryWriter().tag(2, WireType.LengthDelimited).string(detail).finish();
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
/** Reads one field; false when it is none of ours and is to be skipped. */
type Field = (field: number, wireType: WireType) => boolean;

/** How deep a value may nest in values; our own samples nest four deep. */
const MAX_DEPTH = 32;

function message(
  reader: BinaryReader,
  length: number,
  read: (reader: BinaryReader, field: number, wireType: WireType) => boolean,
): void {
  const end = reader.pos + length;
  if (end > reader.len) throw new RangeError('It is cut off.');
  while (reader.pos < end) {
    const [field, wireType] = reader.tag();
    if (!read(reader, field, wireType)) reader.skip(wireType, field);
  }
  if (reader.pos !== end) throw new RangeError('A field is longer than what holds it.');
}

function nested(reader: BinaryReader, read: Field): void {
  message(reader, reader.uint32(), (_reader, field, wireType) => read(field, wireType));
}

function readResource(reader: BinaryReader): Resource {
  const attributes: KeyValue[] = [];
  nested(reader, (field) => {
    if (field === 1) attributes.push(readKeyValue(reader));
    else return false;
    return true;
  });
  return { attributes };
}

function readScope(reader: BinaryReader): Scope {
  const attributes: KeyValue[] = [];
  const scope: Mutable<Scope> = { attributes };
  nested(reader, (field) => {
    if (field === 1) scope.name = reader.string();
    else if (field === 2) scope.version = reader.string();
    else if (field === 3) attributes.push(readKeyValue(reader));
    else return false;
    return true;
  });
  return scope;
}

function readScopeMetrics(reader: BinaryReader): ScopeMetrics {
  const metrics: Metric[] = [];
  const read: Mutable<ScopeMetrics> = { metrics };
  nested(reader, (field) => {
    if (field === 1) read.scope = readScope(reader);
    else if (field === 2) metrics.push(readMetric(reader));
    else return false;
    return true;
  });
  return read;
}

function readScopeLogs(reader: BinaryReader): ScopeLogs {
  const logRecords: LogRecord[] = [];
  const read: Mutable<ScopeLogs> = { logRecords };
  nested(reader, (field) => {
    if (field === 1) read.scope = readScope(reader);
    else if (field === 2) logRecords.push(readLogRecord(reader));
    else return false;
    return true;
  });
  return read;
}

function readMetric(reader: BinaryReader): Metric {
  const metric: Mutable<Metric> = {};
  nested(reader, (field) => {
    if (field === 1) metric.name = reader.string();
    else if (field === 5) metric.gauge = readPoints(reader, readNumberPoint);
    else if (field === 7) metric.sum = readPoints(reader, readNumberPoint);
    else if (field === 9) metric.histogram = readPoints(reader, skipPoint);
    else if (field === 10) metric.exponentialHistogram = readPoints(reader, readHistogramPoint);
    else if (field === 11) metric.summary = readPoints(reader, skipPoint);
    else return false;
    return true;
  });
  return metric;
}

interface Points<T> {
  readonly dataPoints: readonly T[];
  readonly aggregationTemporality: number;
}

/** Gauge, Sum, Histogram, … all hold their points in field 1 and, where they have one, their temporality in field 2. */
function readPoints<T>(reader: BinaryReader, readPoint: (reader: BinaryReader) => T): Points<T> {
  const dataPoints: T[] = [];
  let aggregationTemporality = 0;
  nested(reader, (field, wireType) => {
    if (field === 1) dataPoints.push(readPoint(reader));
    else if (field === 2 && wireType === WireType.Varint) aggregationTemporality = reader.uint32();
    else return false;
    return true;
  });
  return { dataPoints, aggregationTemporality };
}

/** One that is only counted. */
function skipPoint(reader: BinaryReader): NumberDataPoint {
  reader.skip(WireType.LengthDelimited);
  return {};
}

function readNumberPoint(reader: BinaryReader): NumberDataPoint {
  const attributes: KeyValue[] = [];
  const point: Mutable<NumberDataPoint> = { attributes };
  nested(reader, (field) => {
    if (field === 7) attributes.push(readKeyValue(reader));
    else if (field === 2) point.startTimeUnixNano = unsigned64(reader);
    else if (field === 3) point.timeUnixNano = unsigned64(reader);
    else if (field === 4) point.asDouble = reader.double();
    else if (field === 6) point.asInt = Number(reader.sfixed64());
    else return false;
    return true;
  });
  return point;
}

function readHistogramPoint(reader: BinaryReader): ExponentialHistogramDataPoint {
  const attributes: KeyValue[] = [];
  const point: Mutable<ExponentialHistogramDataPoint> = { attributes };
  nested(reader, (field) => {
    if (field === 1) attributes.push(readKeyValue(reader));
    else if (field === 2) point.startTimeUnixNano = unsigned64(reader);
    else if (field === 3) point.timeUnixNano = unsigned64(reader);
    else if (field === 4) point.count = unsigned64(reader);
    else if (field === 5) point.sum = reader.double();
    else if (field === 6) point.scale = reader.sint32();
    else if (field === 7) point.zeroCount = unsigned64(reader);
    else if (field === 8) point.positive = readBuckets(reader);
    else if (field === 12) point.min = reader.double();
    else if (field === 13) point.max = reader.double();
    else return false;
    return true;
  });
  return point;
}

function readBuckets(reader: BinaryReader): ExponentialBuckets {
  const bucketCounts: number[] = [];
  let offset = 0;
  nested(reader, (field, wireType) => {
    if (field === 1) offset = reader.sint32();
    else if (field === 2 && wireType === WireType.Varint) bucketCounts.push(Number(reader.uint64()));
    else if (field === 2 && wireType === WireType.LengthDelimited) {
      const end = reader.uint32() + reader.pos;
      while (reader.pos < end) bucketCounts.push(Number(reader.uint64()));
    } else return false;
    return true;
  });
  return { offset, bucketCounts };
}

function readLogRecord(reader: BinaryReader): LogRecord {
  const attributes: KeyValue[] = [];
  const record: Mutable<LogRecord> = { attributes };
  nested(reader, (field) => {
    if (field === 6) attributes.push(readKeyValue(reader));
    else if (field === 12) record.eventName = reader.string();
    else return false;
    return true;
  });
  return record;
}

function readKeyValue(reader: BinaryReader, depth = 0): KeyValue {
  const pair: Mutable<KeyValue> = { key: '' };
  nested(reader, (field) => {
    if (field === 1) pair.key = reader.string();
    else if (field === 2) pair.value = readValue(reader, depth);
    else return false;
    return true;
  });
  return pair;
}

function readValue(reader: BinaryReader, depth: number): AnyValue {
  if (depth > MAX_DEPTH) throw new RangeError('It nests too deep.');
  let value: AnyValue = {};
  nested(reader, (field) => {
    if (field === 1) value = { stringValue: reader.string() };
    else if (field === 2) value = { boolValue: reader.bool() };
    else if (field === 3) value = { intValue: Number(reader.int64()) };
    else if (field === 4) value = { doubleValue: reader.double() };
    else if (field === 5) {
      const values: AnyValue[] = [];
      nested(reader, (field) => field === 1 && values.push(readValue(reader, depth + 1)) > 0);
      value = { arrayValue: { values } };
    } else if (field === 6) {
      const values: KeyValue[] = [];
      nested(reader, (field) => field === 1 && values.push(readKeyValue(reader, depth + 1)) > 0);
      value = { kvlistValue: { values } };
    } else return false;
    return true;
  });
  return value;
}

/** A fixed64. Above 2^53 the last digits go, which is less than a microsecond of a time in nanoseconds. */
function unsigned64(reader: BinaryReader): number {
  const low = reader.fixed32();
  return reader.fixed32() * 4_294_967_296 + low;
}
