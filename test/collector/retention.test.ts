import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collector, CollectorError, startCollector } from 'holdup/collector';
import type { IncidentDetail, IncidentList, Overview, TimelineHistory } from 'holdup/protocol';
import Database from 'libsql';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BOOKS_VIEW, Client, incidentOf, instanceOf, sampleOf, until, viewReportOf } from './fixture.js';

const folder = mkdtempSync(join(tmpdir(), 'holdup-retention-'));
const started = new Set<Collector>();
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
let store: string;
let files = 0;

beforeEach(() => {
  store = join(folder, `store-${++files}.db`);
  vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 });
});
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all([...started].map((collector) => collector.stop()));
  started.clear();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function start(options: Parameters<typeof startCollector>[0] = {}): Promise<Collector> {
  const collector = await startCollector({ port: 0, store, ...options });
  started.add(collector);
  return collector;
}

/** Lets a minute of the collector's clock go by, and waits for the sweep of the store that comes with it. */
async function swept(client: Client): Promise<void> {
  vi.setSystemTime(Date.now() + 70_000);
  await until(async () => (await metric(client, 'store_saved_timestamp_seconds')) * 1000 >= Date.now());
}

async function metric(client: Client, name: string): Promise<number> {
  const text = await (await client.get('metrics')).text();
  return Number(new RegExp(`^holdup_collector_${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

/** The rows that a stopped collector left behind. */
function rows(table: string, where = '1'): number {
  // A copy, because this process may open the file again for another collector.
  const copy = `${store}.copy`;
  copyFileSync(store, copy);
  const database = new Database(copy);
  const [row] = database.prepare(`select count(*) as count from ${table} where ${where}`).all() as { count: number }[];
  database.close();
  return row?.count ?? -1;
}

describe('history', () => {
  test('becomes coarser with age and never forgets a peak', async () => {
    const collector = await start();
    const client = new Client(collector);
    const t0 = Date.now();
    await client.report({ views: [viewReportOf({ view: BOOKS_VIEW, active: 2, activePeak: 8 })] });
    const at = (ageMs: number): Promise<TimelineHistory> => {
      vi.setSystemTime(t0 + ageMs);
      return client.json<TimelineHistory>(`api/v1/timeline?from=${t0 - 10 * MINUTE_MS}&to=${t0 + MINUTE_MS / 2}`);
    };
    const peak = ({ points }: TimelineHistory): number =>
      Math.max(0, ...points.map(({ active }) => active['GET /books/:id'] ?? 0));
    await until(async () => peak(await at(0)) === 8);
    for (const [ageMs, stepMs] of [
      [MINUTE_MS, 1000],
      [30 * MINUTE_MS, 10_000],
      [4 * 60 * MINUTE_MS, 60_000],
      [20 * DAY_MS, 60_000],
    ] as const) {
      await until(async () => peak(await at(ageMs)) === 8);
      expect((await at(ageMs)).stepMs).toBe(stepMs);
    }
    // Old seconds are gone once their minutes are made; old minutes after the retention.
    await until(async () => peak(await at(31 * DAY_MS)) === 0);
    await collector.stop();
    expect(rows('timeline', `at < ${t0 + DAY_MS}`)).toBe(0);
  });

  test('of an incident goes with its age, and what somebody ignored stays', async () => {
    const collector = await start({ retentionDays: 7 });
    const client = new Client(collector);
    const instance = instanceOf();
    await client.incidents(
      instance,
      incidentOf({ fingerprint: 'v1-old', samples: [sampleOf(10, 5)] }),
      incidentOf({ fingerprint: 'v1-ignored' }),
    );
    const ignored = await fetch(new URL('api/v1/incidents/v1-ignored/state', client.url), {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ state: 'ignored', reason: 'nightly' }),
    });
    expect(ignored.status).toBe(200);
    vi.setSystemTime(Date.now() + 8 * DAY_MS);
    await client.incidents(instance, incidentOf({ fingerprint: 'v1-young', lastSeen: Date.now() }));
    await swept(client);
    await collector.stop();
    expect(rows('incident_groups')).toBe(2);
    expect(rows('incident_samples')).toBe(0);
    const next = new Client(await start({ retentionDays: 7 }));
    const { incidents } = await next.json<IncidentList>('api/v1/incidents');
    expect(incidents.map(({ fingerprint }) => fingerprint).sort()).toEqual(['v1-ignored', 'v1-young']);
  });

  test('gives way, oldest first, when the store is full, and says so', async () => {
    const collector = await start({ storeMb: 16 });
    const client = new Client(collector);
    const text = 'x'.repeat(900);
    const stack = Array.from({ length: 60 }, (_, i) => ({
      function: text,
      file: text,
      line: i,
      column: 1,
      inApp: true,
    }));
    for (let batch = 0; batch < 12; batch++) {
      vi.setSystemTime(Date.now() + 30_000);
      const incidents = Array.from({ length: 8 }, (_, i) =>
        incidentOf({
          fingerprint: `v1-${batch}-${i}`,
          lastSeen: Date.now(),
          samples: Array.from({ length: 4 }, (_, j) => ({ ...sampleOf(10 + j, 5), at: Date.now() + j, stack })),
        }),
      );
      await client.incidents(instanceOf(), ...incidents);
    }
    const limit = 16 * 1024 * 1024;
    let sizeBytes = Number.POSITIVE_INFINITY;
    for (let sweep = 0; sweep < 6 && sizeBytes > limit; sweep++) {
      await swept(client);
      sizeBytes = await metric(client, 'store_size_bytes');
    }
    expect(sizeBytes).toBeLessThanOrEqual(limit);
    const { dropped } = await client.json<Overview>('api/v1/overview');
    expect(dropped['stored rows']).toBeGreaterThan(0);
    await collector.stop();
    expect(rows('incident_groups')).toBe(96);
    const left = rows('incident_samples');
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(384);
    expect(rows('incident_samples', "fingerprint = 'v1-0-0'")).toBe(0);
    expect(rows('incident_samples', "fingerprint = 'v1-11-7'")).toBe(4);
    expect(statSync(store).size).toBeLessThan(18 * 1024 * 1024);
  });

  test('keeps the 20 worst samples of a group, over restarts too', async () => {
    let collector = await start();
    for (let round = 0; round < 3; round++) {
      const samples = Array.from({ length: 12 }, (_, i) => sampleOf(100, round * 12 + i));
      await new Client(collector).incidents(instanceOf({ id: `i-${round}` }), incidentOf({ samples }));
      await collector.stop();
      collector = await start();
    }
    const { samples } = await new Client(collector).json<IncidentDetail>('api/v1/incidents/v1-export');
    const delayed = samples.map(({ delayed: [worst] }) => worst?.delayedMs);
    expect(delayed).toEqual(Array.from({ length: 20 }, (_, i) => 35 - i));
  });
});

describe('a store that cannot be used', () => {
  test('is an error when it was asked for by name, told without its password', async () => {
    const blocked = join(folder, 'a-file');
    writeFileSync(blocked, '');
    for (const [where, told] of [
      [join(blocked, 'inside.db'), /a-file/],
      ['postgres://holdup:secret-word@127.0.0.1:1/holdup', /postgres:\/\/127\.0\.0\.1:1\/holdup/],
    ] as const) {
      const refused = startCollector({ port: 0, store: where });
      await expect(refused).rejects.toBeInstanceOf(CollectorError);
      await expect(refused).rejects.toMatchObject({
        code: 'HOLDUP_STORE_FAILED',
        message: expect.stringMatching(told),
      });
      await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('secret-word') });
    }
  });

  test('is no reason not to watch when it is the default one: memory has to do, said once', async () => {
    const stateHome = join(folder, 'state');
    vi.stubEnv('XDG_STATE_HOME', stateHome);
    const warnings: unknown[] = [];
    const warn = (fields: object | string, message?: string): void => {
      warnings.push(message ?? fields);
    };
    const log = { info: () => {}, warn, error: warn };
    // Locked by another collector, of this or another user.
    const first = await startCollector({ port: 0 });
    const { port } = first;
    await first.stop();
    mkdirSync(join(stateHome, 'holdup'), { recursive: true });
    const file = join(stateHome, 'holdup', `collector-${port}.db`);
    const other = new Database(file);
    other.exec('begin exclusive; create table theirs (id)');
    let collector = await start({ port, store: 'default', log });
    expect(collector.store).toBe('memory');
    expect(warnings).toEqual([expect.stringContaining(file)]);
    const client = new Client(collector);
    await client.incidents(instanceOf(), incidentOf());
    expect((await client.json<IncidentList>('api/v1/incidents')).incidents).toHaveLength(1);
    await collector.stop();
    other.exec('rollback');
    other.close();
    collector = await start({ port, store: 'default', log });
    expect(collector.store).toBe(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await collector.stop();
    // A directory that cannot be made.
    vi.stubEnv('XDG_STATE_HOME', join(file, 'below-a-file'));
    collector = await start({ port, store: 'default', log });
    expect(collector.store).toBe('memory');
    expect(warnings).toHaveLength(2);
    vi.unstubAllEnvs();
  });

  test('is not ready while it opens, though the collector is alive', async () => {
    // It takes connections and says nothing.
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port: storePort } = silent.address() as AddressInfo;
    const first = await startCollector({ port: 0 });
    const { port } = first;
    await first.stop();
    const opening = startCollector({ port, store: `postgres://holdup@127.0.0.1:${storePort}/holdup` });
    const refused = expect(opening).rejects.toMatchObject({ code: 'HOLDUP_STORE_FAILED' });
    const status = (path: string): Promise<number> =>
      fetch(`http://127.0.0.1:${port}/${path}`).then(
        (response) => response.status,
        () => 0,
      );
    await until(async () => (await status('healthz')) === 200);
    expect(await status('readyz')).toBe(503);
    await refused;
    silent.close();
  });

  test('of a newer or broken kind is left as it is', async () => {
    writeFileSync(store, 'this is no database, but somebody may need it'.repeat(100));
    const size = statSync(store).size;
    await expect(startCollector({ port: 0, store })).rejects.toMatchObject({ code: 'HOLDUP_STORE_FAILED' });
    expect(statSync(store).size).toBe(size);
  });
});
