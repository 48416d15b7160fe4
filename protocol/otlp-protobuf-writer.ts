import type {
  AnyValue,
  ExponentialHistogramDataPoint,
  ExportLogsRequest,
  ExportMetricsRequest,
  KeyValue,
  LogRecord,
  Metric,
  NumberDataPoint,
  Resource,
  Scope,
} from './otlp.js';
import { number } from './otlp-value.js';
import { ProtobufWriter } from './protobuf-writer.js';

/**
 * The body of `POST /v1/metrics` in protobuf: a third of the bytes of its JSON, and the cheaper one to read.
 *
 * Field numbers are those of opentelemetry-proto 1.x: https://github.com/open-telemetry/opentelemetry-proto
 */
export function encodeMetrics({ resourceMetrics = [] }: ExportMetricsRequest): Uint8Array<ArrayBuffer> {
  const writer = new ProtobufWriter();
  for (const { resource, scopeMetrics = [] } of resourceMetrics) {
    writer.message(1, () => {
      writeResource(writer, resource);
      for (const { scope, metrics = [] } of scopeMetrics) {
        writer.message(2, () => {
          writeScope(writer, scope);
          for (const metric of metrics) writer.message(2, () => writeMetric(writer, metric));
        });
      }
    });
  }
  return writer.finish();
}

/** The body of `POST /v1/logs` in protobuf. */
export function encodeLogs({ resourceLogs = [] }: ExportLogsRequest): Uint8Array<ArrayBuffer> {
  const writer = new ProtobufWriter();
  for (const { resource, scopeLogs = [] } of resourceLogs) {
    writer.message(1, () => {
      writeResource(writer, resource);
      for (const { scope, logRecords = [] } of scopeLogs) {
        writer.message(2, () => {
          writeScope(writer, scope);
          for (const record of logRecords) writer.message(2, () => writeLogRecord(writer, record));
        });
      }
    });
  }
  return writer.finish();
}

function writeResource(writer: ProtobufWriter, resource: Resource = {}): void {
  writer.message(1, () => writeAttributes(writer, 1, resource.attributes));
}

function writeScope(writer: ProtobufWriter, scope: Scope = {}): void {
  writer.message(1, () => {
    if (scope.name) writer.text(1, scope.name);
    if (scope.version) writer.text(2, scope.version);
    writeAttributes(writer, 3, scope.attributes);
  });
}

function writeMetric(writer: ProtobufWriter, { name, unit, gauge, sum, exponentialHistogram }: Metric): void {
  if (name) writer.text(1, name);
  if (unit) writer.text(3, unit);
  if (gauge) {
    writer.message(5, () => {
      for (const point of gauge.dataPoints ?? []) writer.message(1, () => writeNumberPoint(writer, point));
    });
  }
  if (sum) {
    writer.message(7, () => {
      for (const point of sum.dataPoints ?? []) writer.message(1, () => writeNumberPoint(writer, point));
      writer.varint(2, number(sum.aggregationTemporality));
      if (sum.isMonotonic) writer.varint(3, 1);
    });
  }
  if (exponentialHistogram) {
    writer.message(10, () => {
      for (const point of exponentialHistogram.dataPoints ?? []) {
        writer.message(1, () => writeHistogramPoint(writer, point));
      }
      writer.varint(2, number(exponentialHistogram.aggregationTemporality));
    });
  }
}

function writeNumberPoint(writer: ProtobufWriter, point: NumberDataPoint): void {
  writer.fixed64(2, point.startTimeUnixNano ?? 0);
  writer.fixed64(3, point.timeUnixNano ?? 0);
  writer.double(4, number(point.asDouble));
  writeAttributes(writer, 7, point.attributes);
}

function writeHistogramPoint(writer: ProtobufWriter, point: ExponentialHistogramDataPoint): void {
  writeAttributes(writer, 1, point.attributes);
  writer.fixed64(2, point.startTimeUnixNano ?? 0);
  writer.fixed64(3, point.timeUnixNano ?? 0);
  writer.fixed64(4, whole(point.count));
  writer.double(5, number(point.sum));
  writer.sint32(6, number(point.scale));
  writer.fixed64(7, whole(point.zeroCount));
  const { offset = 0, bucketCounts = [] } = point.positive ?? {};
  writer.message(8, () => {
    writer.sint32(1, offset);
    writer.varints(2, bucketCounts.map(whole));
  });
  writer.double(12, number(point.min));
  writer.double(13, number(point.max));
}

function writeLogRecord(writer: ProtobufWriter, record: LogRecord): void {
  writer.fixed64(1, record.timeUnixNano ?? 0);
  writer.varint(2, number(record.severityNumber));
  if (record.severityText) writer.text(3, record.severityText);
  const { body, traceId } = record;
  if (body) writer.message(5, () => writeValue(writer, body));
  writeAttributes(writer, 6, record.attributes);
  if (traceId) writer.hex(9, traceId);
  if (record.eventName) writer.text(12, record.eventName);
}

function writeAttributes(writer: ProtobufWriter, field: number, attributes: readonly KeyValue[] = []): void {
  for (const { key, value } of attributes) {
    writer.message(field, () => {
      writer.text(1, key);
      if (value) writer.message(2, () => writeValue(writer, value));
    });
  }
}

/** The one field that is set; the empty text and 0 are values too. */
function writeValue(writer: ProtobufWriter, value: AnyValue): void {
  if (value.stringValue !== undefined) writer.text(1, value.stringValue);
  else if (value.boolValue !== undefined) writer.varint(2, value.boolValue ? 1 : 0);
  else if (value.intValue !== undefined) writer.int64(3, number(value.intValue));
  else if (value.doubleValue !== undefined) writer.double(4, number(value.doubleValue));
  else if (value.arrayValue !== undefined) {
    const { values = [] } = value.arrayValue;
    writer.message(5, () => {
      for (const each of values) writer.message(1, () => writeValue(writer, each));
    });
  } else if (value.kvlistValue !== undefined) {
    const { values } = value.kvlistValue;
    writer.message(6, () => writeAttributes(writer, 1, values));
  }
}

/** Counts are whole in protobuf. */
function whole(count: string | number | undefined): number {
  return Math.round(number(count));
}
