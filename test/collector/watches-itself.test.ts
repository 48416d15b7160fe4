import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Collector, startCollector } from 'holdup/collector';
import type { IncidentList, InstanceList, ViewList } from 'holdup/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BOOKS_VIEW, Client, histogramOf, incidentOf, instanceOf, sampleOf, until, viewReportOf } from './fixture.js';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'holdup-itself-'));
let watcher: Collector;
let child: ChildProcess;
let url: string;

beforeAll(async () => {
  watcher = await startCollector({ port: 0 });
  const args = ['--import', join(DIST, 'middleware', 'register.js'), join(DIST, 'collector', 'cli.js'), 'collector'];
  child = spawn(process.execPath, [...args, '--port', '0', '--store', join(folder, 'collector.db')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, HOLDUP_COLLECTOR: watcher.url, HOLDUP_SERVICE: 'collector', HOLDUP_LOG_LEVEL: 'warn' },
  });
  let text = '';
  child.stdout?.on('data', (data) => {
    text += data;
  });
  url = await until(() => /^Holdup dashboard: (\S+)$/m.exec(text)?.[1]);
});
afterAll(async () => {
  child.kill('SIGKILL');
  await watcher.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('calls nothing sync-only in any of its views, as its own guard sees it', async () => {
  const client = new Client({ url });
  const seen = new Client(watcher);
  const live = client.live();
  await live.message(({ type }) => type === 'snapshot');
  const exercise = async (round: number): Promise<void> => {
    await client.report({ sequence: round, views: [viewReportOf({ view: BOOKS_VIEW, busy: histogramOf(0.1) })] });
    await client.incidents(instanceOf(), incidentOf({ samples: [sampleOf(100, 50)] }));
    for (const path of ['', 'metrics', 'readyz', 'api/v1/overview', 'api/v1/views', 'api/v1/incidents']) {
      await (await client.get(path)).arrayBuffer();
    }
    for (const path of ['api/v1/incidents/v1-export', 'api/v1/instances', 'api/v1/timeline', 'nothing-here']) {
      await (await client.get(path)).arrayBuffer();
    }
    const decided = await fetch(new URL('api/v1/incidents/v1-export/state', url), {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ state: round % 2 === 0 ? 'open' : 'resolved', reason: 'a test' }),
    });
    expect(decided.status).toBe(200);
    await decided.arrayBuffer();
  };
  let round = 0;
  const expected = ['/v1/metrics', '/v1/logs', '/metrics', '/api/v1/overview', '/api/v1/incidents/:fingerprint/state'];
  // Twice and more: what happens only the first time is cold, and no steady work.
  await until(async () => {
    await exercise(++round);
    const { views } = await seen.json<ViewList>('api/v1/views');
    return expected.every((route) => views.some((view) => view.route === route && view.requests >= 3));
  });
  live.close();
  const { instances } = await seen.json<InstanceList>('api/v1/instances');
  expect(instances).toMatchObject([{ service: 'collector' }]);
  const { incidents } = await seen.json<IncidentList>('api/v1/incidents?kind=sync-only');
  const steady = incidents.filter(({ count, view }) => count > 0 && view.route !== '(background)');
  expect(
    steady.map(({ operation, view, site }) => `${operation} in ${view.route} at ${site.file}:${site.line}`),
  ).toEqual([]);
});
