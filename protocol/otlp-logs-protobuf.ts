import type { ExportLogsRequest, KeyValue, LogRecord, Resource, ResourceLogs, Scope, ScopeLogs } from './otlp.js';
import { readKeyValue, readResource, readScope } from './otlp-value-protobuf.js';
import { ProtobufReader } from './protobuf-reader.js';

/**
 * The body of `POST /v1/logs` in protobuf, as the objects that its JSON gives: the fields that Holdup reads; all others
 * are skipped. Throws a `RangeError` on what is no protobuf.
 *
 * Field numbers are those of opentelemetry-proto 1.x: https://github.com/open-telemetry/opentelemetry-proto
 */
export function decodeLogs(body: Uint8Array): ExportLogsRequest {
  const reader = new ProtobufReader(body);
  const resourceLogs: ResourceLogs[] = [];
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === 0x0a) resourceLogs.push(readResourceLogs(reader));
    else reader.skip(tag);
  }
  return { resourceLogs };
}

function readResourceLogs(reader: ProtobufReader): ResourceLogs {
  const scopeLogs: ScopeLogs[] = [];
  let resource: Resource = {};
  const outer = reader.enter();
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === 0x0a) resource = readResource(reader);
    else if (tag === 0x12) scopeLogs.push(readScopeLogs(reader));
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { resource, scopeLogs };
}

function readScopeLogs(reader: ProtobufReader): ScopeLogs {
  const logRecords: LogRecord[] = [];
  let scope: Scope = {};
  const outer = reader.enter();
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === 0x0a) scope = readScope(reader);
    else if (tag === 0x12) logRecords.push(readLogRecord(reader));
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { scope, logRecords };
}

function readLogRecord(reader: ProtobufReader): LogRecord {
  const attributes: KeyValue[] = [];
  let eventName = '';
  const outer = reader.enter();
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === 0x32) attributes.push(readKeyValue(reader));
    else if (tag === 0x62) eventName = reader.text();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { eventName, attributes };
}
