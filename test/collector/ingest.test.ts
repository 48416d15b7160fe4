import { once } from 'node:events';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { type Collector, startCollector } from 'holdup/collector';
import {
  encodeMetrics,
  type IncidentDetail,
  type IncidentList,
  type InstanceList,
  type Overview,
  type Problem,
  toOtlpLogs,
  toOtlpMetrics,
  type ViewList,
} from 'holdup/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  BOOKS_VIEW,
  Client,
  histogramOf,
  incidentOf,
  instanceOf,
  reportOf,
  sampleOf,
  until,
  viewReportOf,
} from './fixture.js';

const compress = promisify(gzip);
const JSON_TYPE = { 'Content-Type': 'application/json' };

let collector: Collector;
let client: Client;

beforeEach(async () => {
  collector = await startCollector({ port: 0 });
  client = new Client(collector);
});

afterEach(() => collector.stop());

describe('a report', () => {
  test('comes out of the API as it went in', async () => {
    const view = viewReportOf({
      active: 2,
      activePeak: 5,
      duration: histogramOf(0.5, 0.5),
      busy: histogramOf(0.25, 0.25),
      wait: histogramOf(0.125),
    });
    await client.report({ views: [view] });
    const { views } = await client.json<ViewList>('api/v1/views');
    expect(views).toHaveLength(1);
    expect(views[0]).toMatchObject({
      service: 'bookshop',
      method: 'GET',
      route: '/export',
      handler: 'exportBooks',
      kind: 'async',
      active: 2,
      requests: 2,
      busyMs: 500,
      waitMs: 125,
      duration: { p50Ms: 500, p90Ms: 500, p99Ms: 500, maxMs: 500 },
      busy: { p50Ms: 250, p99Ms: 250, maxMs: 250 },
      incidents: 0,
    });
  });

  test('may be compressed', async () => {
    const body = await compress(JSON.stringify(toOtlpMetrics(reportOf({ views: [viewReportOf({ active: 3 })] }))));
    const response = await client.post('v1/metrics', body, { 'Content-Encoding': 'gzip' });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({});
    expect((await client.json<Overview>('api/v1/overview')).active).toBe(3);
  });

  test('that arrives twice is counted once, and one that arrives late is still counted', async () => {
    const views = [viewReportOf({ duration: histogramOf(0.01) })];
    for (const sequence of [1, 2, 2, 4, 3, 3, 1]) await client.report({ sequence, views });
    const [view] = (await client.json<ViewList>('api/v1/views')).views;
    expect(view?.requests).toBe(4);
  });

  test('that arrives late does not turn back the gauges', async () => {
    await client.report({ sequence: 2, views: [viewReportOf({ active: 7 })] });
    await client.report({ sequence: 1, views: [viewReportOf({ active: 1 })] });
    expect((await client.json<Overview>('api/v1/overview')).active).toBe(7);
  });

  test('without a number is counted each time', async () => {
    const views = [viewReportOf({ duration: histogramOf(0.01) })];
    for (let i = 0; i < 3; i++) await client.report({ sequence: 0, views });
    expect((await client.json<ViewList>('api/v1/views')).views[0]?.requests).toBe(3);
  });

  test('with more views than an instance may have is folded into (other) and counted as dropped', async () => {
    const views = Array.from({ length: 700 }, (_, i) =>
      viewReportOf({ view: { ...BOOKS_VIEW, route: `/scan/${i}` }, duration: histogramOf(0.01) }),
    );
    await client.report({ views });
    const list = (await client.json<ViewList>('api/v1/views')).views;
    expect(list.length).toBeLessThanOrEqual(502);
    expect(list.reduce((sum, view) => sum + view.requests, 0)).toBe(700);
    const other = list.find((view) => view.route === '(other)');
    expect((await client.json<Overview>('api/v1/overview')).dropped.views).toBe(other?.requests);
  });

  test('with a histogram that contradicts itself loses that histogram and says so', async () => {
    const broken = { ...histogramOf(0.5), count: 1000 };
    await client.report({ views: [viewReportOf({ duration: histogramOf(0.5), busy: broken })] });
    const [view] = (await client.json<ViewList>('api/v1/views')).views;
    expect(view).toMatchObject({ requests: 1, busyMs: 0 });
    expect((await client.json<Overview>('api/v1/overview')).dropped).toEqual({ histograms: 1 });
  });
});

describe('an incident', () => {
  test('comes out of the API as it went in', async () => {
    const incident = incidentOf({
      count: 3,
      coldCount: 1,
      totalMs: 300,
      maxMs: 120,
      delayedRequests: 4,
      delayedMs: 250,
      samples: [sampleOf(120, 90)],
      codeFrame: { startLine: 40, lines: ['function exportBooks() {', '  fs.readFileSync(path);'] },
    });
    await client.incidents(instanceOf(), incident);
    const detail = await client.json<IncidentDetail>('api/v1/incidents/v1-export');
    const { samples, blocks: _blocks, ...summary } = incident;
    expect(detail).toMatchObject({
      ...summary,
      service: 'bookshop',
      instances: 1,
      state: 'open',
      firstSeen: incident.lastSeen,
      samples: [{ ...samples[0], instance: 'instance-1' }],
      seenOn: [{ id: 'instance-1', host: 'machine', pid: 4711, serviceVersion: '1.2.3' }],
    });
    expect(detail.trend).toHaveLength(30);
    expect(detail.trend.reduce((sum, each) => sum + each, 0)).toBe(4);
  });

  test('keeps its worst 20 samples, by what others waited and then by duration', async () => {
    const samples = Array.from({ length: 20 }, (_, i) => sampleOf(100 + i, i % 2 === 0 ? 50 : 10));
    await client.incidents(instanceOf(), incidentOf({ samples }));
    await client.incidents(
      instanceOf(),
      incidentOf({ samples: [sampleOf(1, 9999), sampleOf(1, 1), sampleOf(300, 50)] }),
    );
    const detail = await client.json<IncidentDetail>('api/v1/incidents/v1-export');
    const kept = detail.samples.map((sample) => [sample.delayed[0]?.delayedMs, sample.durationMs]);
    expect(kept).toHaveLength(20);
    expect(kept.slice(0, 3)).toEqual([
      [9999, 1],
      [50, 300],
      [50, 118],
    ]);
    expect(kept.at(-1)).toEqual([10, 105]);
  });

  test('beyond the groups an instance may have is counted as dropped', async () => {
    const many = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => incidentOf({ fingerprint: `v1-${from + i}` }));
    await client.incidents(instanceOf(), ...many(0, 600));
    await client.incidents(instanceOf(), ...many(600, 1200));
    const overview = await client.json<Overview>('api/v1/overview');
    expect(overview.incidents.total).toBe(1000);
    expect(overview.dropped).toEqual({ incidents: 200 });
    expect(overview.verdict).toMatch(/200 items were dropped/);
  });
});

describe('a bad body is refused with a problem document', () => {
  const deep = `{"resourceMetrics":${'['.repeat(5000)}${']'.repeat(5000)}}`;
  const longString = JSON.stringify({ resourceMetrics: [], note: 'x'.repeat(2 * 1024 * 1024) });
  const cases: [string, number, RegExp, () => Promise<Response>][] = [
    ['no JSON', 400, /not JSON/, () => client.post('v1/metrics', '{"resourceMetrics":')],
    ['an empty body', 400, /empty/, () => client.post('v1/metrics', '')],
    ['a list', 400, /not an OTLP request/, () => client.post('v1/metrics', '[]')],
    ['null', 400, /not an OTLP request/, () => client.post('v1/logs', 'null')],
    ['the wrong field type', 400, /"resourceLogs" is not a list/, () => client.post('v1/logs', '{"resourceLogs":1}')],
    ['deep nesting', 400, /deeper than/, () => client.post('v1/metrics', deep)],
    ['an endless string', 400, /longer than/, () => client.post('v1/metrics', longString)],
    ['too many bytes', 413, /too large/, () => client.post('v1/metrics', ' '.repeat(9 * 1024 * 1024))],
    ['text', 415, /application\/json/, () => client.post('v1/metrics', 'hello', { 'Content-Type': 'text/plain' })],
    ['an unknown compression', 415, /gzip/, () => client.post('v1/metrics', '{}', { 'Content-Encoding': 'zstd' })],
    ['broken gzip', 400, /cannot be read/, () => client.post('v1/metrics', '{"a":1}', { 'Content-Encoding': 'gzip' })],
    [
      'a decompression bomb',
      413,
      /too large/,
      async () =>
        client.post('v1/metrics', await compress(Buffer.alloc(64 * 1024 * 1024)), { 'Content-Encoding': 'gzip' }),
    ],
    ['GET', 405, /POST/, () => client.get('v1/metrics')],
  ];

  test.each(cases)('%s answers %i', async (_name, status, detail, send) => {
    const response = await send();
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    const problem = (await response.json()) as Problem;
    expect(problem).toMatchObject({ type: 'about:blank', status, detail: expect.stringMatching(detail) });
    expect(JSON.stringify(problem)).not.toMatch(/node_modules|\.js:\d|at /);
    // And the collector is as well as before.
    expect((await client.get('readyz')).status).toBe(200);
  });

  test.each([
    '{"resourceMetrics":[null]}',
    '{"resourceMetrics":[{"scopeMetrics":[null]}]}',
    '{"resourceMetrics":[{"resource":7,"scopeMetrics":[{"scope":{"name":"holdup"},"metrics":[null,7,{"gauge":7}]}]}]}',
    '{"resourceMetrics":[{"resource":{"attributes":[{"key":"service.instance.id","value":{"stringValue":"x"}}]},"scopeMetrics":[{"scope":{"name":"holdup"},"metrics":[{"name":"holdup.request.busy.duration","exponentialHistogram":{"dataPoints":[{"count":"1","scale":-10,"positive":{"offset":2147483647,"bucketCounts":["1"]}}]}}]}]}]}',
  ])('%.60s… is the fault of its sender, never a mistake of the collector', async (body) => {
    expect((await client.post('v1/metrics', body)).status).toBeLessThan(500);
    expect((await client.post('v1/logs', body.replaceAll('Metrics', 'Logs'))).status).toBeLessThan(500);
    expect((await client.get('api/v1/views')).status).toBe(200);
  });

  test('hostile names and numbers reach no prototype and no sum', async () => {
    const view = { method: 'GET', route: '__proto__', handler: 'constructor', kind: 'sync' } as const;
    const hostile = reportOf({
      views: [viewReportOf({ view, active: -5, activePeak: 1e300 })],
      loop: { activeSeconds: Number.NaN, utilization: 99 },
      dropped: [{ what: '__proto__', count: 3 }],
    });
    const response = await client.post('v1/metrics', JSON.stringify(toOtlpMetrics(hostile)));
    expect(response.status).toBe(200);
    const overview = await client.json<Overview>('api/v1/overview');
    expect(overview.active).toBe(0);
    expect(overview.loop.utilization).toBeLessThanOrEqual(1);
    expect(({} as Record<string, unknown>).count).toBeUndefined();
  });
});

describe("OpenTelemetry's own exporters", () => {
  const resource = resourceFromAttributes({ 'service.name': 'other', 'service.instance.id': 'otel-1' });

  test('are accepted, and what is not ours is left aside and counted', async () => {
    const reader = new PeriodicExportingMetricReader({
      exporter: new OTLPMetricExporter({ url: `${collector.url}v1/metrics` }),
      exportIntervalMillis: 60_000,
    });
    const meters = new MeterProvider({ resource, readers: [reader] });
    meters.getMeter('app').createCounter('app.orders').add(3);
    meters.getMeter('app').createHistogram('app.duration').record(0.2);
    await meters.forceFlush();
    await meters.shutdown();

    const processor = new BatchLogRecordProcessor({
      exporter: new OTLPLogExporter({ url: `${collector.url}v1/logs` }),
    });
    const logs = new LoggerProvider({ resource, processors: [processor] });
    logs.getLogger('app').emit({ severityNumber: SeverityNumber.INFO, body: 'hello' });
    await logs.forceFlush();
    await logs.shutdown();

    const metrics = await (await client.get('metrics')).text();
    expect(metrics).toMatch(/^holdup_collector_ignored_total\{what="data points"\} [1-9]/m);
    expect(metrics).toMatch(/^holdup_collector_ignored_total\{what="log records"\} 1$/m);
    expect((await client.json<ViewList>('api/v1/views')).views).toEqual([]);
  });

  test('are told how much was left aside', async () => {
    const body = { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: 'hello' } }] }] }] };
    const response = await client.post('v1/logs', JSON.stringify(body));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      partialSuccess: { rejectedLogRecords: '0', errorMessage: expect.stringContaining('1 log records') },
    });
  });
});

test('one body may hold the reports of several processes, as an OpenTelemetry Collector sends them', async () => {
  const one = toOtlpLogs({ instance: instanceOf({ id: 'a' }), sequence: 1, incidents: [incidentOf()] });
  const two = toOtlpLogs({ instance: instanceOf({ id: 'b' }), sequence: 1, incidents: [incidentOf()] });
  const body = { resourceLogs: [...(one.resourceLogs ?? []), ...(two.resourceLogs ?? [])] };
  await client.post('v1/logs', JSON.stringify(body), JSON_TYPE);
  const { incidents } = await client.json<IncidentList>('api/v1/incidents');
  expect(incidents).toHaveLength(1);
  expect(incidents[0]).toMatchObject({ count: 2, instances: 2 });
});

describe('a report of our own', () => {
  test.each([
    ['nothing', {}],
    ['odd names', { views: [viewReportOf({ view: { ...BOOKS_VIEW, route: '/a"}}]/"\\/é/:x', handler: ']}' } })] }],
    ['extremes', { views: [viewReportOf({ duration: histogramOf(1e-9, 1e9, 0), active: 1e15 })], sequence: 2 ** 50 }],
    ['a held loop', { loop: { blocked: { forSeconds: 1.25e-7, view: BOOKS_VIEW } }, goodbye: true as const }],
    [
      'losses',
      {
        dropped: [
          { what: 'views', count: 3 },
          { what: '\u0000"', count: 1 },
        ],
      },
    ],
  ])('with %s says the same in protobuf and in JSON', async (_name, overrides) => {
    const seen = [];
    for (const id of ['bytes', 'text']) {
      const body = toOtlpMetrics(reportOf({ endMs: 1, ...overrides, instance: instanceOf({ id, service: id }) }));
      const sent =
        id === 'text'
          ? client.post('v1/metrics', JSON.stringify(body))
          : client.post('v1/metrics', encodeMetrics(body), { 'Content-Type': 'application/x-protobuf' });
      expect((await sent).status).toBe(200);
      const { views } = await client.json<ViewList>(`api/v1/views?service=${id}`);
      const { instances } = await client.json<InstanceList>(`api/v1/instances?service=${id}`);
      seen.push(
        JSON.stringify({ views, instances })
          .replaceAll(id, '')
          .replace(/"(lastSeen|requestsPerSecond)":[\d.]+/g, ''),
      );
    }
    expect(seen[0]).toBe(seen[1]);
  });
});

test('more reports at once than it reads are told to come again in a moment, and then are taken', async () => {
  const { port } = new URL(client.url);
  const head =
    'POST /v1/metrics HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n';
  const sockets = await Promise.all(
    Array.from({ length: 512 }, async () => {
      const socket = connect(Number(port), '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'connect');
      // Its body never comes.
      socket.write(head);
      return socket;
    }),
  );
  const body = JSON.stringify(toOtlpMetrics(reportOf()));
  const refused = await until(async () => {
    const response = await client.post('v1/metrics', body);
    return response.status === 503 ? response : null;
  });
  expect(refused.headers.get('retry-after')).toBe('1');
  expect((await client.get('healthz')).status).toBe(200);
  for (const socket of sockets) socket.destroy();
  await until(async () => (await client.post('v1/metrics', body)).status === 200);
  expect(await (await client.get('metrics')).text()).toMatch(/^holdup_collector_refused_total\{status="503"\} [1-9]/m);
});
