import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collector, startCollector } from 'holdup/collector';
import type { IncidentDetail, IncidentList, TimelineHistory, ViewList } from 'holdup/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CommitCutter } from './commit-cutter.js';
import { BOOKS_VIEW, Client, histogramOf, incidentOf, instanceOf, sampleOf, until, viewReportOf } from './fixture.js';
import { type PostgresCluster, postgresPrograms, startPostgres } from './postgres-cluster.js';

/** What every store promises, asked of the real collector over HTTP: once with SQLite, once with a real PostgreSQL. */

const programs = postgresPrograms();
if (programs === null)
  console.warn("PostgreSQL is not installed (Debian's package postgresql), so its tests are skipped.");

const folder = mkdtempSync(join(tmpdir(), 'holdup-store-'));
const started = new Set<Collector>();
let cluster: PostgresCluster | undefined;
let files = 0;

beforeAll(async () => {
  if (programs !== null) cluster = await startPostgres(programs);
});
afterEach(async () => {
  await Promise.all([...started].map((collector) => collector.stop()));
  started.clear();
});
afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(store: string, options: Parameters<typeof startCollector>[0] = {}): Promise<Collector> {
  const collector = await startCollector({ port: 0, store, ...options });
  started.add(collector);
  return collector;
}

async function restart(collector: Collector, store: string): Promise<Collector> {
  await collector.stop();
  // Its own name in a shared store holds the port.
  return start(store, { port: collector.port });
}

async function decide(client: Client, fingerprint: string, body: object): Promise<Response> {
  return fetch(new URL(`api/v1/incidents/${fingerprint}/state`, client.url), {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
}

function detail(client: Client, fingerprint = 'v1-export'): Promise<IncidentDetail> {
  return client.json<IncidentDetail>(`api/v1/incidents/${fingerprint}`);
}

describe.each([
  { database: 'SQLite', skip: false, newStore: async () => join(folder, `store-${++files}.db`) },
  {
    database: 'PostgreSQL',
    skip: programs === null,
    newStore: async () => {
      const { default: pg } = await import('pg');
      const client = new pg.Client(cluster?.url);
      await client.connect();
      const name = `holdup_${++files}`;
      await client.query(`create database ${name}`);
      await client.end();
      return String(cluster?.url).replace(/\/postgres$/, `/${name}`);
    },
  },
])('a collector with $database', ({ skip, newStore }) => {
  test.skipIf(skip)('goes on after a restart where it stopped', async () => {
    const store = await newStore();
    let collector = await start(store);
    let client = new Client(collector);
    const instance = instanceOf();
    await client.report({
      views: [viewReportOf({ view: BOOKS_VIEW, duration: histogramOf(0.1, 0.2), busy: histogramOf(0.05) })],
    });
    await client.incidents(
      instance,
      incidentOf({ count: 3, totalMs: 300, delayedRequests: 2, delayedMs: 50, samples: [sampleOf(100, 50)] }),
    );
    const before = await detail(client);
    collector = await restart(collector, store);
    client = new Client(collector);
    const after = await detail(client);
    expect({ ...after, trend: [] }).toEqual({ ...before, trend: [] });
    expect(after).toMatchObject({ count: 3, delayedMs: 50, instances: 1, samples: [{ instance: instance.id }] });
    const { views } = await client.json<ViewList>('api/v1/views');
    expect(views).toMatchObject([{ route: '/books/:id', requests: 2, busyMs: 50 }]);
    const metrics = await (await client.get('metrics')).text();
    expect(metrics).toMatch(/^holdup_request_busy_duration_seconds_count\{.*route="\/books\/:id".*\} 1$/m);
    expect(metrics).toMatch(/^holdup_collector_reports_total 1$/m);
  });

  test.skipIf(skip)('counts a report and a batch once that come again after a restart', async () => {
    const store = await newStore();
    let collector = await start(store);
    let client = new Client(collector);
    const send = async (): Promise<void> => {
      await client.report({ sequence: 7, views: [viewReportOf({ duration: histogramOf(0.1) })] });
      await client.incidents(instanceOf(), incidentOf({ count: 2 }));
    };
    await send();
    collector = await restart(collector, store);
    // A new client counts its batches from 1 again, as one does that sends again what it got no answer for.
    client = new Client(collector);
    await send();
    expect((await detail(client)).count).toBe(2);
    expect((await client.json<ViewList>('api/v1/views')).views).toMatchObject([{ requests: 1 }]);
  });

  test.skipIf(skip)('keeps what a person decided, and reopens what returns after it was resolved', async () => {
    const store = await newStore();
    let collector = await start(store);
    let client = new Client(collector);
    const seen = (at: number, serviceVersion: string, fingerprint: string): Promise<void> =>
      client.incidents(
        instanceOf({ id: `i-${serviceVersion}`, serviceVersion }),
        incidentOf({ fingerprint, lastSeen: at }),
      );
    const t0 = Date.now();
    await seen(t0 - 1000, '1.0.0', 'v1-one');
    await seen(t0 - 1000, '1.0.0', 'v1-two');
    expect((await decide(client, 'v1-one', { state: 'resolved', reason: 'streams it now' })).status).toBe(200);
    expect((await decide(client, 'v1-two', { state: 'ignored', reason: 'once a night' })).status).toBe(200);
    collector = await restart(collector, store);
    client = new Client(collector);
    expect(await detail(client, 'v1-one')).toMatchObject({ state: 'resolved', stateReason: 'streams it now' });
    expect(await detail(client, 'v1-two')).toMatchObject({ state: 'ignored', stateReason: 'once a night' });
    // What happened before it was resolved, and only arrives now, is no return.
    await seen(t0 - 500, '1.0.1', 'v1-one');
    expect((await detail(client, 'v1-one')).state).toBe('resolved');
    await until(async () => {
      await seen(Date.now(), '1.1.0', 'v1-one');
      await seen(Date.now(), '1.1.0', 'v1-two');
      return (await detail(client, 'v1-one')).state === 'open';
    });
    const expected = {
      at: expect.any(Number),
      serviceVersion: '1.1.0',
      resolvedAt: expect.any(Number),
      lastVersion: '1.0.1',
    };
    expect((await detail(client, 'v1-one')).regression).toEqual(expected);
    expect((await detail(client, 'v1-two')).state).toBe('ignored');
    collector = await restart(collector, store);
    client = new Client(collector);
    const reopened = await detail(client, 'v1-one');
    expect(reopened).toMatchObject({ state: 'open', regression: expected });
    expect(reopened.versions.map(({ serviceVersion }) => serviceVersion)).toEqual(['1.0.0', '1.0.1', '1.1.0']);
    expect(reopened.hours.reduce((sum, hour) => sum + hour.count, 0)).toBe(reopened.count);
  });

  test.skipIf(skip)('keeps names with whatever characters they have', async () => {
    const store = await newStore();
    let collector = await start(store);
    const odd = 'a\u0000b\ud800c\u2028';
    const view = { method: 'GET', route: `/${odd}`, handler: odd, kind: 'async' } as const;
    const instance = instanceOf({ id: odd, service: odd, host: odd });
    const incident = incidentOf({ fingerprint: odd, operation: odd, view, count: 2, samples: [sampleOf(100, 50)] });
    let client = new Client(collector);
    await client.report({ instance, views: [viewReportOf({ view, duration: histogramOf(0.1) })] });
    await client.incidents(instance, incident);
    expect((await client.get('readyz')).status).toBe(200);
    collector = await restart(collector, store);
    client = new Client(collector);
    const { incidents } = await client.json<IncidentList>('api/v1/incidents');
    expect(incidents).toMatchObject([{ count: 2 }]);
    const { views } = await client.json<ViewList>('api/v1/views');
    expect(views).toMatchObject([{ requests: 1 }]);
    // The same again is known, not new.
    await client.report({ instance, views: [viewReportOf({ view, duration: histogramOf(0.1) })] });
    await client.incidents(instance, incident);
    expect((await client.json<IncidentList>('api/v1/incidents')).incidents).toMatchObject([{ count: 2 }]);
  });

  test.skipIf(skip)('shows on the time axis what was before a restart', async () => {
    const store = await newStore();
    let collector = await start(store);
    let client = new Client(collector);
    const t0 = Date.now();
    await client.report({ views: [viewReportOf({ view: BOOKS_VIEW, active: 3, activePeak: 7 })] });
    const read = (step: number): Promise<TimelineHistory> =>
      client.json<TimelineHistory>(`api/v1/timeline?from=${t0 - 5000}&step=${step}`);
    const peaks = ({ points }: TimelineHistory): number =>
      Math.max(0, ...points.map(({ active }) => active['GET /books/:id'] ?? 0));
    await until(async () => peaks(await read(1)) === 7);
    collector = await restart(collector, store);
    client = new Client(collector);
    const { points, stepMs } = await read(1);
    expect(stepMs).toBe(1000);
    expect(points.length).toBeGreaterThan(0);
    expect(points.length).toBe(new Set(points.map(({ at }) => at)).size);
    for (const step of [1, 10, 60]) expect([step, peaks(await read(step))]).toEqual([step, 7]);
    const week = await client.json<TimelineHistory>(`api/v1/timeline?from=${t0 - 7 * 86_400_000}`);
    expect(week.stepMs).toBe(900_000);
    expect(peaks(week)).toBe(7);
  });
});

describe('two collectors with one PostgreSQL', () => {
  test.skipIf(programs === null)('share incident groups and decisions', async () => {
    const store = String(cluster?.url);
    const [one, two] = [new Client(await start(store)), new Client(await start(store))];
    await one.incidents(instanceOf({ id: 'at-one' }), incidentOf({ count: 2, maxMs: 90 }));
    await two.incidents(instanceOf({ id: 'at-two' }), incidentOf({ count: 3, maxMs: 120 }));
    for (const client of [one, two]) {
      await until(async () => (await detail(client)).count === 5);
      expect(await detail(client)).toMatchObject({ count: 5, maxMs: 120, instances: 2 });
    }
    await decide(one, 'v1-export', { state: 'ignored', reason: 'a nightly job' });
    await until(async () => (await detail(two)).state === 'ignored');
    expect((await two.json<IncidentList>('api/v1/incidents')).incidents).toMatchObject([
      { stateReason: 'a nightly job' },
    ]);
  });

  test.skipIf(programs === null)('go on in memory while it is down, and save that once it is back', async () => {
    const store = String(cluster?.url);
    const collector = await start(store);
    const client = new Client(collector);
    await client.incidents(instanceOf(), incidentOf({ fingerprint: 'v1-before' }));
    await cluster?.kill();
    await until(async () => (await client.get('readyz')).status === 503);
    await client.incidents(instanceOf(), incidentOf({ fingerprint: 'v1-meanwhile', count: 4 }));
    expect((await detail(client, 'v1-meanwhile')).count).toBe(4);
    await cluster?.start();
    await until(async () => (await client.get('readyz')).status === 200);
    await collector.stop();
    const next = new Client(await start(store));
    expect((await detail(next, 'v1-meanwhile')).count).toBe(4);
  });

  test.skipIf(programs === null)('count once what was saved without the answer that it was', async () => {
    const proxy = await CommitCutter.start(String(cluster?.url));
    const collector = await start(proxy.url);
    const client = new Client(collector);
    await client.incidents(instanceOf(), incidentOf({ fingerprint: 'v1-cut', count: 2 }));
    proxy.cuts = 2;
    await client.incidents(instanceOf(), incidentOf({ fingerprint: 'v1-cut', count: 3, samples: [sampleOf(100, 50)] }));
    await until(async () => proxy.cuts === 0 && (await client.get('readyz')).status === 200);
    await collector.stop();
    await proxy.stop();
    const next = new Client(await start(String(cluster?.url)));
    expect(await detail(next, 'v1-cut')).toMatchObject({ count: 5, samples: [{ durationMs: 100 }] });
  });
});
