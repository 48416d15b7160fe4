import type {
  BlockMark,
  Category,
  Cause,
  CodeFrame,
  DelayedRequest,
  IncidentDelta,
  IncidentSample,
  Site,
  StackFrame,
} from './incident.js';
import { fromResource, toResource } from './instance-resource.js';
import { type ExportLogsRequest, type LogRecord, SCOPE_NAME, SEQUENCE_ATTRIBUTE } from './otlp.js';
import { fromKeyValues, listOf, number, objectsOf, text, toKeyValues, toNanos } from './otlp-value.js';
import type { IncidentBatch } from './report.js';
import { viewName } from './view.js';

export const SYNC_ONLY_EVENT = 'holdup.sync_only_operation';
export const BLOCK_EVENT = 'holdup.eventloop.block';

const WARN = { severityNumber: 13, severityText: 'WARN' };
const ERROR = { severityNumber: 17, severityText: 'ERROR' };

/** A batch of incidents as the body of `POST /v1/logs`: one LogRecord for each incident group that changed. */
export function toOtlpLogs(batch: IncidentBatch): ExportLogsRequest {
  const scope = { name: SCOPE_NAME, attributes: toKeyValues({ [SEQUENCE_ATTRIBUTE]: batch.sequence }) };
  const logRecords = batch.incidents.map(toLogRecord);
  return { resourceLogs: [{ resource: toResource(batch.instance), scopeLogs: [{ scope, logRecords }] }] };
}

function toLogRecord(incident: IncidentDelta): LogRecord {
  const traceId = incident.samples[0]?.traceId ?? '';
  return {
    timeUnixNano: toNanos(incident.lastSeen),
    ...(incident.thrownCount > 0 ? ERROR : WARN),
    eventName: incident.kind === 'sync-only' ? SYNC_ONLY_EVENT : BLOCK_EVENT,
    body: { stringValue: `${incident.operation} held the event loop in ${viewName(incident.view)}` },
    ...(traceId === '' ? {} : { traceId }),
    attributes: toKeyValues({
      'http.request.method': incident.view.method,
      'http.route': incident.view.route,
      'code.function.name': incident.site.function,
      'code.file.path': incident.site.file,
      'code.line.number': incident.site.line,
      'code.column.number': incident.site.column,
      'exception.type': incident.thrownCount > 0 ? 'SynchronousOnlyOperation' : undefined,
      'holdup.view.handler': incident.view.handler,
      'holdup.view.kind': incident.view.kind,
      'holdup.fingerprint': incident.fingerprint,
      'holdup.operation': incident.operation,
      'holdup.category': incident.category,
      'holdup.cause': incident.cause,
      'holdup.owner': incident.owner,
      'holdup.alternative': incident.alternative,
      'holdup.allowed': incident.allowed,
      'holdup.count': incident.count,
      'holdup.cold_count': incident.coldCount,
      'holdup.thrown_count': incident.thrownCount,
      'holdup.total_ms': incident.totalMs,
      'holdup.max_ms': incident.maxMs,
      'holdup.delayed_requests': incident.delayedRequests,
      'holdup.delayed_ms': incident.delayedMs,
      'holdup.last_seen_ms': incident.lastSeen,
      'holdup.samples': incident.samples,
      'holdup.blocks': incident.blocks,
      'holdup.code_frame': incident.codeFrame ?? undefined,
    }),
  };
}

/** What a body of `POST /v1/logs` held that is ours, and how many records were somebody else's. */
export interface ReadLogs {
  readonly batches: readonly IncidentBatch[];
  /** Records that are valid OTLP but none of Holdup's; accepted and left aside. */
  readonly ignoredRecords: number;
}

/** The inverse of `toOtlpLogs`, over every resource and scope in the request. */
export function fromOtlpLogs(request: ExportLogsRequest): ReadLogs {
  const batches: IncidentBatch[] = [];
  let ignoredRecords = 0;
  for (const { resource, scopeLogs } of objectsOf(request?.resourceLogs)) {
    const instance = fromResource(resource);
    for (const { scope, logRecords } of objectsOf(scopeLogs)) {
      const records = objectsOf(logRecords);
      if (instance === null || scope?.name !== SCOPE_NAME) {
        ignoredRecords += records.length;
        continue;
      }
      const incidents: IncidentDelta[] = [];
      for (const record of records) {
        const incident = fromLogRecord(record);
        if (incident === null) ignoredRecords++;
        else incidents.push(incident);
      }
      batches.push({ instance, sequence: number(fromKeyValues(scope.attributes)[SEQUENCE_ATTRIBUTE]), incidents });
    }
  }
  return { batches, ignoredRecords };
}

function fromLogRecord(record: LogRecord): IncidentDelta | null {
  if (record.eventName !== SYNC_ONLY_EVENT && record.eventName !== BLOCK_EVENT) return null;
  const attributes = fromKeyValues(record.attributes);
  const fingerprint = text(attributes['holdup.fingerprint']);
  if (fingerprint === '') return null;
  return {
    fingerprint,
    kind: record.eventName === SYNC_ONLY_EVENT ? 'sync-only' : 'block',
    operation: text(attributes['holdup.operation']),
    category: text(attributes['holdup.category']) as Category,
    cause: text(attributes['holdup.cause']) as Cause,
    view: {
      method: text(attributes['http.request.method']),
      route: text(attributes['http.route']),
      handler: text(attributes['holdup.view.handler']),
      kind: attributes['holdup.view.kind'] === 'async' ? 'async' : 'sync',
    },
    site: {
      function: text(attributes['code.function.name']),
      file: text(attributes['code.file.path']),
      line: number(attributes['code.line.number']),
      column: number(attributes['code.column.number']),
    },
    owner: text(attributes['holdup.owner']),
    alternative: text(attributes['holdup.alternative']),
    allowed: text(attributes['holdup.allowed']),
    count: number(attributes['holdup.count']),
    coldCount: number(attributes['holdup.cold_count']),
    thrownCount: number(attributes['holdup.thrown_count']),
    totalMs: number(attributes['holdup.total_ms']),
    maxMs: number(attributes['holdup.max_ms']),
    delayedRequests: number(attributes['holdup.delayed_requests']),
    delayedMs: number(attributes['holdup.delayed_ms']),
    lastSeen: number(attributes['holdup.last_seen_ms']),
    samples: objects(attributes['holdup.samples']).map(toSample),
    blocks: objects(attributes['holdup.blocks']).map(
      (mark): BlockMark => ({ at: number(mark.at), durationMs: number(mark.durationMs) }),
    ),
    codeFrame: toCodeFrame(attributes['holdup.code_frame']),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function objects(value: unknown): readonly Fields[] {
  return objectsOf(value as Fields[]);
}

function toSample(fields: Fields): IncidentSample {
  return {
    at: number(fields.at),
    durationMs: number(fields.durationMs),
    stack: objects(fields.stack).map((frame): StackFrame => ({ ...toSite(frame), inApp: frame.inApp === true })),
    delayed: objects(fields.delayed).map(
      (each): DelayedRequest => ({
        method: text(each.method),
        route: text(each.route),
        delayedMs: number(each.delayedMs),
        startOffsetMs: number(each.startOffsetMs),
      }),
    ),
    traceId: text(fields.traceId),
    ...(text(fields.note) === '' ? {} : { note: text(fields.note) }),
  };
}

function toSite(fields: Fields): Site {
  return {
    function: text(fields.function),
    file: text(fields.file),
    line: number(fields.line),
    column: number(fields.column),
  };
}

function toCodeFrame(value: unknown): CodeFrame | null {
  if (typeof value !== 'object' || value === null) return null;
  const fields = value as Fields;
  return { startLine: number(fields.startLine), lines: listOf(fields.lines as unknown[]).map(text) };
}
