import { gzipSync } from 'node:zlib';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { OTLPLogExporter as JsonLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtoLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import {
  AggregationTemporalityPreference,
  OTLPMetricExporter as JsonMetricExporter,
} from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtoMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { AggregationType, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { type Collector, startCollector } from 'holdup/collector';
import {
  type IncidentDetail,
  type InstanceList,
  METRICS,
  toOtlpLogs,
  toOtlpMetrics,
  type ViewList,
} from 'holdup/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeLogs, encodeMetrics } from '../../bench/lib/otlp-encoder.mjs';
import {
  BOOKS_VIEW,
  Client,
  histogramOf,
  incidentOf,
  instanceOf,
  reportOf,
  sampleOf,
  viewReportOf,
} from './fixture.js';

const PROTOBUF = { 'Content-Type': 'application/x-protobuf' };
let collector: Collector;
let client: Client;

beforeEach(async () => {
  collector = await startCollector({ port: 0 });
  client = new Client(collector);
});
afterEach(() => collector.stop());

const resource = resourceFromAttributes({
  'service.name': 'bookshop',
  'service.instance.id': 'sdk-1',
  'host.name': 'machine',
  'process.pid': 99,
});

async function counter(name: string): Promise<number> {
  const text = await (await client.get('metrics')).text();
  return Number(text.match(new RegExp(`^holdup_collector_${name} (\\d+)$`, 'm'))?.[1] ?? 0);
}

describe.each([
  { encoding: 'protobuf', MetricExporter: ProtoMetricExporter, LogExporter: ProtoLogExporter },
  { encoding: 'JSON', MetricExporter: JsonMetricExporter, LogExporter: JsonLogExporter },
])("OpenTelemetry's own SDK and exporters in $encoding", ({ MetricExporter, LogExporter }) => {
  /** What the SDK makes of three busy times, a gauge and a histogram of its own. */
  async function exportMetrics(
    temporalityPreference: AggregationTemporalityPreference,
    compress = false,
  ): Promise<void> {
    const exporter = new MetricExporter({
      url: new URL('v1/metrics', collector.url).href,
      temporalityPreference,
      ...(compress ? { compression: 'gzip' as never } : {}),
    });
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const provider = new MeterProvider({
      resource,
      readers: [reader],
      views: [
        {
          instrumentName: 'holdup.*',
          aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize: 160 } },
        },
      ],
    });
    const labels = { 'http.request.method': 'GET', 'http.route': '/books/:id', 'code.function.name': 'showBook' };
    const ours = provider.getMeter('holdup');
    const busy = ours.createHistogram(METRICS.requestBusy.name, { unit: 's' });
    for (const seconds of [0.01, 0.02, 0.5]) busy.record(seconds, labels);
    const theirs = provider.getMeter('somebody else').createHistogram('http.client.request.duration', { unit: 's' });
    theirs.record(1, { peer: 'a' });
    theirs.record(1, { peer: 'b' });
    await provider.forceFlush();
    await provider.shutdown();
  }

  test('delta exponential histograms are read exactly, others are left aside and counted', async () => {
    await exportMetrics(AggregationTemporalityPreference.DELTA, true);
    const { views } = await client.json<ViewList>('api/v1/views');
    expect(views).toMatchObject([{ service: 'bookshop', method: 'GET', route: '/books/:id', handler: 'showBook' }]);
    expect(views[0]?.busyMs).toBeCloseTo(530, 6);
    expect(views[0]?.busy.maxMs).toBeCloseTo(500, 6);
    const metrics = await (await client.get('metrics')).text();
    expect(metrics).toMatch(/^holdup_request_busy_duration_seconds_count\{.*\} 3$/m);
    expect(metrics).toMatch(/^holdup_request_busy_duration_seconds_bucket\{.*le="0.015625"\} 1$/m);
    expect(metrics).toMatch(/^holdup_request_busy_duration_seconds_bucket\{.*le="0.03125"\} 2$/m);
    expect(await counter('ignored_total\\{what="data points"\\}')).toBe(2);
  });

  test('cumulative ones are left aside and counted, because adding them up would be wrong', async () => {
    await exportMetrics(AggregationTemporalityPreference.CUMULATIVE);
    expect((await client.json<ViewList>('api/v1/views')).views).toEqual([]);
    expect(await counter('ignored_total\\{what="data points"\\}')).toBeGreaterThanOrEqual(3);
  });

  test('logs of other programs are left aside and counted, ours are incidents', async () => {
    const exporter = new LogExporter({ url: new URL('v1/logs', collector.url).href });
    const provider = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter })] });
    provider.getLogger('somebody else').emit({ body: 'hello', severityNumber: SeverityNumber.INFO });
    provider.getLogger('holdup').emit({
      eventName: 'holdup.sync_only_operation',
      severityNumber: SeverityNumber.WARN,
      attributes: {
        'holdup.fingerprint': 'v1-sdk',
        'holdup.operation': 'fs.statSync',
        'holdup.count': 3,
        'holdup.total_ms': 4.5,
        'http.request.method': 'GET',
        'http.route': '/books/:id',
        'code.line.number': 41,
      },
    });
    await provider.forceFlush();
    await provider.shutdown();
    const incident = await client.json<IncidentDetail>('api/v1/incidents/v1-sdk');
    expect(incident).toMatchObject({
      operation: 'fs.statSync',
      count: 3,
      totalMs: 4.5,
      view: { method: 'GET', route: '/books/:id' },
      site: { line: 41 },
    });
    expect(await counter('ignored_total\\{what="log records"\\}')).toBe(1);
  });
});

describe('protobuf', () => {
  test('says the same as JSON, to the last digit', async () => {
    const report = reportOf({
      instance: instanceOf({ id: 'binary' }),
      views: [viewReportOf({ view: BOOKS_VIEW, active: 2, activePeak: 5, duration: histogramOf(0.1, 0.004, 0) })],
      dropped: [{ what: 'samples', count: 7 }],
    });
    const other = { ...report, instance: instanceOf({ id: 'text' }) };
    expect((await client.post('v1/metrics', encodeMetrics(toOtlpMetrics(report)), PROTOBUF)).status).toBe(200);
    expect((await client.post('v1/metrics', JSON.stringify(toOtlpMetrics(other)))).status).toBe(200);
    const { instances } = await client.json<InstanceList>('api/v1/instances');
    const [binary, text] = [instances.find(({ id }) => id === 'binary'), instances.find(({ id }) => id === 'text')];
    const timeless = { id: '', lastSeen: 0, requestsPerSecond: expect.any(Number) };
    expect({ ...binary, ...timeless }).toEqual({ ...text, ...timeless });
    const { views } = await client.json<ViewList>('api/v1/views');
    expect(views).toMatchObject([{ requests: 6, active: 4 }]);
  });

  test('carries incidents with their samples, compressed too', async () => {
    const incident = incidentOf({ samples: [sampleOf(120, 30)], codeFrame: { startLine: 40, lines: ['a', 'é'] } });
    const body = encodeLogs(toOtlpLogs({ instance: instanceOf(), sequence: 1, incidents: [incident] }));
    const answer = await client.post('v1/logs', gzipSync(body), { ...PROTOBUF, 'Content-Encoding': 'gzip' });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/x-protobuf']);
    expect((await answer.arrayBuffer()).byteLength).toBe(0);
    const detail = await client.json<IncidentDetail>('api/v1/incidents/v1-export');
    expect(detail).toMatchObject({
      site: incident.site,
      samples: [{ ...incident.samples[0] }],
      codeFrame: incident.codeFrame,
    });
  });

  test('is answered and refused in protobuf', async () => {
    const answer = await client.post('v1/metrics', Buffer.from([0x0a, 0x7f, 0x01]), PROTOBUF);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/x-protobuf']);
    expect(Buffer.from(await answer.arrayBuffer()).toString()).toContain('not an OTLP request in protobuf');
    expect((await client.post('v1/metrics', Buffer.alloc(0), PROTOBUF)).status).toBe(200);
  });

  test('survives whatever bytes it is sent', async () => {
    const good = Buffer.from(encodeMetrics(toOtlpMetrics(reportOf({ views: [viewReportOf()] }))));
    const statuses = new Set<number>();
    for (let i = 0; i < 300; i++) {
      const bad = Buffer.from(good);
      for (let j = 0; j <= i % 4; j++) bad[(i * 7919 + j * 104_729) % bad.length] = (i * 31 + j * 17) % 256;
      const body = i % 3 === 0 ? bad.subarray(0, (i * 13) % bad.length) : bad;
      statuses.add((await client.post(i % 2 === 0 ? 'v1/metrics' : 'v1/logs', body, PROTOBUF)).status);
    }
    expect([...statuses].sort()).toEqual([200, 400]);
    // A value in a value in a value …
    let value = Buffer.from([0x0a, 0x01, 0x78]);
    for (let i = 0; i < 1000; i++) value = Buffer.concat([wrap(5, wrap(1, value))]);
    const deep = wrap(1, wrap(1, wrap(1, Buffer.concat([wrap(1, Buffer.from('k')), wrap(2, value)]))));
    expect((await client.post('v1/metrics', new Uint8Array(deep), PROTOBUF)).status).toBe(400);
    expect((await client.get('healthz')).status).toBe(200);
  });
});

/** A length-delimited field. */
function wrap(field: number, content: Buffer): Buffer {
  const length: number[] = [];
  let rest = content.length;
  do {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...length]), content]);
}
