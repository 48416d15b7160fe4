import { spawn, spawnSync } from 'node:child_process';
import { type Collector, startCollector } from 'holdup/collector';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BOOKS_VIEW, Client, histogramOf, instanceOf, viewReportOf } from './fixture.js';

let collector: Collector;
let client: Client;

beforeEach(async () => {
  collector = await startCollector({ port: 0 });
  client = new Client(collector);
  for (const id of ['a', 'b']) {
    await client.report({
      instance: instanceOf({ id }),
      views: [
        viewReportOf({
          active: 2,
          busy: histogramOf(0.25, 0.001),
          wait: histogramOf(0.5),
          operations: [{ operation: 'fs.readFileSync', duration: histogramOf(0.25) }],
          blocks: [{ cause: 'code', duration: histogramOf(0.25) }],
        }),
        // Two handlers of one route are one series.
        viewReportOf({ view: BOOKS_VIEW, busy: histogramOf(0.01) }),
        viewReportOf({ view: { ...BOOKS_VIEW, handler: 'other' }, busy: histogramOf(0.01) }),
      ],
      dropped: [{ what: 'samples', count: 3 }],
    });
  }
  await client.post('v1/metrics', 'no json');
});

afterEach(() => collector.stop());

async function scrape(): Promise<string> {
  const response = await client.get('metrics');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  return response.text();
}

test('Prometheus reads the sums over all instances', async () => {
  const lines = (await scrape()).split('\n');
  const route = 'service="bookshop",method="GET",route="/export"';
  expect(lines).toContain(`holdup_request_busy_duration_seconds_bucket{${route},le="0.125"} 2`);
  expect(lines).toContain(`holdup_request_busy_duration_seconds_bucket{${route},le="0.25"} 4`);
  expect(lines).toContain(`holdup_request_busy_duration_seconds_bucket{${route},le="+Inf"} 4`);
  expect(lines).toContain(`holdup_request_busy_duration_seconds_sum{${route}} 0.502`);
  expect(lines).toContain(`holdup_request_busy_duration_seconds_count{${route}} 4`);
  expect(lines).toContain(`holdup_request_wait_duration_seconds_sum{${route}} 1`);
  expect(lines).toContain(`holdup_request_active{${route}} 4`);
  expect(lines).toContain(
    'holdup_request_busy_duration_seconds_count{service="bookshop",method="GET",route="/books/:id"} 4',
  );
  const operation = 'service="bookshop",route="/export",operation="fs.readFileSync"';
  expect(lines).toContain(`holdup_sync_only_operations_total{${operation}} 2`);
  expect(lines).toContain(`holdup_sync_only_operation_duration_seconds_sum{${operation}} 0.5`);
  expect(lines).toContain('holdup_eventloop_block_duration_seconds_count{service="bookshop",route="/export"} 2');
  expect(lines).toContain('holdup_observer_dropped_total{what="samples"} 6');
  expect(lines).toContain('holdup_observer_busy_seconds_total 0.002');
  expect(lines).toContain('holdup_collector_reports_total 2');
  expect(lines).toContain('holdup_collector_instances{state="ok"} 2');
  expect(lines).toContain('holdup_collector_refused_total{status="400"} 1');
});

test('no label carries a file, a line or a fingerprint, and no name is one of Node’s own', async () => {
  const text = await scrape();
  expect(text).not.toMatch(/\b(?:file|line|fingerprint)="/);
  expect(text).not.toMatch(/^nodejs_/m);
});

test('no series appears twice', async () => {
  const series = (await scrape())
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.slice(0, line.lastIndexOf(' ')));
  expect(new Set(series).size).toBe(series.length);
});

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

test.skipIf(!hasPromtool)('promtool finds nothing to complain about', async () => {
  const text = await scrape();
  const promtool = spawn('promtool', ['check', 'metrics']);
  let said = '';
  promtool.stdout.on('data', (data) => {
    said += data;
  });
  promtool.stderr.on('data', (data) => {
    said += data;
  });
  promtool.stdin.end(text);
  const code = await new Promise((resolve) => promtool.on('exit', resolve));
  expect({ code, said }).toEqual({ code: 0, said: '' });
});
