import { type Collector, startCollector } from 'holdup/collector';
import {
  type IncidentDetail,
  type IncidentList,
  type InstanceList,
  mergeHistograms,
  type Overview,
  type Problem,
  quantile,
  type ViewList,
} from 'holdup/protocol';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BOOKS_VIEW, Client, EXPORT_VIEW, histogramOf, incidentOf, instanceOf, viewReportOf } from './fixture.js';

let collector: Collector;
let client: Client;

beforeEach(async () => {
  // Only the clock is ours; timers and sockets are real.
  vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 });
  collector = await startCollector({ port: 0 });
  client = new Client(collector);
});

afterEach(async () => {
  vi.useRealTimers();
  await collector.stop();
});

function pass(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

async function overview(): Promise<Overview> {
  return client.json<Overview>('api/v1/overview');
}

async function instanceStates(): Promise<Record<string, string>> {
  const { instances } = await client.json<InstanceList>('api/v1/instances');
  return Object.fromEntries(instances.map(({ id, state }) => [id, state]));
}

describe('overview', () => {
  test('has every field of the contract before anything is connected', async () => {
    expect(await overview()).toEqual({
      verdict: expect.stringContaining('app.use(holdup())'),
      status: 'waiting',
      culprit: null,
      culpritService: null,
      at: Date.now(),
      active: 0,
      requestsPerSecond: 0,
      loop: { delayP50Ms: 0, delayP99Ms: 0, delayMaxMs: 0, utilization: 0, blockedShare: 0, coverage: 1 },
      instances: { ok: 0, blocked: 0, silent: 0, gone: 0 },
      incidents: { open: 0, total: 0 },
      dropped: {},
      observer: { busyShare: 0 },
      collector: { version: expect.stringMatching(/^\d+\.\d+\.\d+/), startedAt: 1_800_000_000_000 },
    });
  });

  test('speaks of the last minute, over all instances', async () => {
    for (const id of ['a', 'b']) {
      await client.report({
        instance: instanceOf({ id }),
        views: [viewReportOf({ active: 2, duration: histogramOf(...Array(30).fill(0.01)) })],
        loop: {
          delay: histogramOf(0.25),
          activeSeconds: 0.5,
          idleSeconds: 0.5,
          blockedSeconds: 0.25,
          attributedSeconds: 0.2,
        },
      });
    }
    pass(30_000);
    const now = await overview();
    expect(now.requestsPerSecond).toBeCloseTo(60 / 31);
    expect(now.loop).toMatchObject({ utilization: 0.5, blockedShare: 0.25, delayMaxMs: 250 });
    expect(now.loop.coverage).toBeCloseTo(0.8);
    pass(61_000);
    const later = await overview();
    expect(later.requestsPerSecond).toBe(0);
    expect(later.loop).toMatchObject({ utilization: 0, blockedShare: 0, delayMaxMs: 0, coverage: 1 });
  });
});

describe('views', () => {
  test('add up over instances exactly, and percentiles come from merged histograms', async () => {
    const values = [
      [0.001, 0.002, 0.003],
      [0.5, 0.5],
      [0.004, 1.25, 0.03125, 0.0625],
    ];
    for (const [i, seconds] of values.entries()) {
      const duration = histogramOf(...seconds);
      const instance = instanceOf({ id: `i${i}` });
      await client.report({ instance, sequence: 1, views: [viewReportOf({ active: 1, duration, busy: duration })] });
      await client.report({ instance, sequence: 2, views: [viewReportOf({ active: i, duration, busy: duration })] });
    }
    const [view] = (await client.json<ViewList>('api/v1/views')).views;
    const merged = mergeHistograms([...values, ...values].map((seconds) => histogramOf(...seconds)));
    expect(view?.requests).toBe(18);
    expect(view?.active).toBe(0 + 1 + 2);
    expect(view?.busyMs).toBeCloseTo(merged.sum * 1000, 9);
    expect(view?.duration).toEqual({
      p50Ms: quantile(merged, 0.5) * 1000,
      p90Ms: quantile(merged, 0.9) * 1000,
      p99Ms: quantile(merged, 0.99) * 1000,
      maxMs: 1250,
    });
  });

  test('share the loop of each instance that served them: 0 to 1, whatever their number', async () => {
    for (const id of ['a', 'b']) {
      const instance = instanceOf({ id });
      for (let sequence = 1; sequence <= 20; sequence++) {
        await client.report({ instance, sequence, views: [viewReportOf({ busy: histogramOf(0.5) })] });
      }
    }
    pass(19_000);
    const [view] = (await client.json<ViewList>('api/v1/views')).views;
    expect(view?.busyShare).toBeCloseTo(0.5);
  });

  test('of two services are two, and the filter tells them apart', async () => {
    await client.report({ views: [viewReportOf({ active: 1 })] });
    await client.report({ instance: instanceOf({ id: 'x', service: 'mailer' }), views: [viewReportOf({ active: 4 })] });
    expect((await client.json<ViewList>('api/v1/views')).views).toHaveLength(2);
    const { views } = await client.json<ViewList>('api/v1/views?service=mailer');
    expect(views.map((view) => view.active)).toEqual([4]);
  });

  test('no longer in a report have nothing in flight, unless the loop is held', async () => {
    await client.report({ sequence: 1, views: [viewReportOf({ active: 5 })] });
    await client.report({ sequence: 2, views: [], loop: { blocked: { forSeconds: 1, view: null } } });
    expect((await overview()).active).toBe(5);
    await client.report({ sequence: 3, views: [] });
    expect((await overview()).active).toBe(0);
  });
});

describe('incidents', () => {
  beforeEach(async () => {
    const incidents = Array.from({ length: 9 }, (_, i) =>
      incidentOf({
        fingerprint: `v1-${i}`,
        kind: i % 3 === 0 ? 'block' : 'sync-only',
        view: i % 2 === 0 ? EXPORT_VIEW : BOOKS_VIEW,
        delayedMs: i < 5 ? 100 * i : 0,
        totalMs: i,
      }),
    );
    await client.incidents(instanceOf(), ...incidents);
    await client.incidents(
      instanceOf({ id: 'm', service: 'mailer' }),
      incidentOf({ fingerprint: 'v1-0', delayedMs: 5 }),
    );
  });

  const names = ({ incidents }: IncidentList): string[] =>
    incidents.map((each) => `${each.service} ${each.fingerprint}`);

  test('come worst delayed time first, then longest held', async () => {
    const list = await client.json<IncidentList>('api/v1/incidents');
    expect(names(list)).toEqual([
      ...['v1-4', 'v1-3', 'v1-2', 'v1-1'].map((each) => `bookshop ${each}`),
      'mailer v1-0',
      ...['v1-8', 'v1-7', 'v1-6', 'v1-5', 'v1-0'].map((each) => `bookshop ${each}`),
    ]);
    expect(list.nextCursor).toBeNull();
  });

  test('come in pages that together are the whole list', async () => {
    const whole = names(await client.json<IncidentList>('api/v1/incidents'));
    const paged: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: IncidentList = await client.json(`api/v1/incidents?limit=3${cursor && `&cursor=${cursor}`}`);
      expect(page.incidents.length).toBeLessThanOrEqual(3);
      paged.push(...names(page));
      cursor = page.nextCursor;
    }
    expect(paged).toEqual(whole);
  });

  test('are filtered by service, view and kind', async () => {
    expect(names(await client.json('api/v1/incidents?service=mailer'))).toEqual(['mailer v1-0']);
    expect(names(await client.json('api/v1/incidents?view=GET%20/books/:id&kind=block'))).toEqual(['bookshop v1-3']);
    expect(names(await client.json('api/v1/incidents?service=nobody'))).toEqual([]);
  });

  test('are filtered by words, category, cause, state and instance', async () => {
    const found = async (query: string) => names(await client.json(`api/v1/incidents?${query}`));
    const all = await found('');
    expect(await found('q=readfilesync%20mailer')).toEqual(['mailer v1-0']);
    expect(await found('q=no-such-word')).toEqual([]);
    expect(await found('category=file&cause=code&state=open')).toEqual(all);
    expect(await found('state=resolved')).toEqual([]);
    expect(await found('cause=gc')).toEqual([]);
    expect(await found('instance=instance-1')).toEqual(all.filter((each) => each.startsWith('bookshop')));
    expect(await found('instance=nobody')).toEqual([]);
  });

  test('are counted by view, until somebody allows them', async () => {
    await client.report({ views: [viewReportOf()] });
    expect((await client.json<ViewList>('api/v1/views')).views[0]?.incidents).toBe(5);
    await client.incidents(instanceOf(), incidentOf({ fingerprint: 'v1-2', allowed: 'known, see #12' }));
    expect((await client.json<ViewList>('api/v1/views')).views[0]?.incidents).toBe(4);
    expect((await overview()).incidents).toEqual({ open: 9, total: 10 });
    const detail = await client.json<IncidentDetail>('api/v1/incidents/v1-2');
    expect(detail).toMatchObject({ state: 'ignored', allowed: 'known, see #12' });
  });

  test('are found by fingerprint, in the service that is asked for or else where it is worst', async () => {
    expect((await client.json<IncidentDetail>('api/v1/incidents/v1-0')).service).toBe('mailer');
    expect((await client.json<IncidentDetail>('api/v1/incidents/v1-0?service=bookshop')).service).toBe('bookshop');
    expect((await client.get('api/v1/incidents/v1-none')).status).toBe(404);
  });

  test.each([
    ['limit=0', /limit.*1 to 500/],
    ['limit=501', /limit/],
    ['limit=ten', /limit/],
    ['limit=1&limit=2', /limit/],
    ['kind=slow', /'sync-only' or 'block'/],
    ['cursor=nonsense', /nextCursor/],
    ['colour=red', /no parameter.*colour/],
  ])('refuse ?%s with what is accepted', async (query, detail) => {
    const response = await client.get(`api/v1/incidents?${query}`);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(((await response.json()) as Problem).detail).toMatch(detail);
  });

  test('carry a trend of 30 intervals of 10 s, oldest first', async () => {
    pass(20_000);
    await client.incidents(instanceOf(), incidentOf({ fingerprint: 'v1-4', count: 7 }));
    const { trend } = await client.json<IncidentDetail>('api/v1/incidents/v1-4');
    expect(trend).toHaveLength(30);
    expect(trend.slice(-3)).toEqual([1, 0, 7]);
  });
});

describe('instances', () => {
  test('are ok, silent after 5 s, gone after 30 s, and forgotten later', async () => {
    await client.report({ views: [viewReportOf({ active: 3 })] });
    expect(await instanceStates()).toEqual({ 'instance-1': 'ok' });
    pass(5001);
    expect(await instanceStates()).toEqual({ 'instance-1': 'silent' });
    expect((await overview()).verdict).toMatch(/1 process is silent\./);
    pass(25_000);
    expect(await instanceStates()).toEqual({ 'instance-1': 'gone' });
    expect((await overview()).verdict).toBe('No process is connected any more: the last one was heard 30 s ago.');
    vi.useRealTimers();
    vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_700_000 });
    await vi.waitFor(async () => expect(await instanceStates()).toEqual({}), { timeout: 5000 });
    // What was in flight there is in flight no more.
    expect((await overview()).active).toBe(0);
  });

  test('say goodbye and are gone at once', async () => {
    await client.report({ views: [viewReportOf({ active: 3 })] });
    await client.report({ sequence: 2, goodbye: true });
    expect(await instanceStates()).toEqual({ 'instance-1': 'gone' });
    expect((await overview()).active).toBe(0);
  });

  test('blocked right now say for how long, also between two reports', async () => {
    await client.report({ views: [viewReportOf({ active: 3 }), viewReportOf({ view: BOOKS_VIEW, active: 4 })] });
    await client.report({ sequence: 2, loop: { blocked: { forSeconds: 0.25, view: EXPORT_VIEW } } });
    const blocked = async () => (await client.json<InstanceList>('api/v1/instances')).instances[0];
    expect(await blocked()).toMatchObject({ state: 'blocked', blockedForMs: 250, blockedView: 'GET /export' });
    pass(700);
    expect(await blocked()).toMatchObject({
      state: 'blocked',
      blockedForMs: 950,
      inFlight: [
        { view: 'GET /books/:id', active: 4 },
        { view: 'GET /export', active: 3 },
      ],
    });
    await client.report({ sequence: 3 });
    expect(await blocked()).toMatchObject({ state: 'ok', blockedForMs: 0, blockedView: null, inFlight: [] });
  });

  test('have every field of the contract', async () => {
    await client.report({
      views: [viewReportOf({ active: 2, duration: histogramOf(0.01, 0.02) })],
      dropped: [{ what: 'samples', count: 4 }],
    });
    expect((await client.json<InstanceList>('api/v1/instances')).instances).toEqual([
      {
        id: 'instance-1',
        service: 'bookshop',
        serviceVersion: '1.2.3',
        host: 'machine',
        pid: 4711,
        nodeVersion: '20.20.0',
        role: 'main',
        state: 'ok',
        blockedForMs: 0,
        blockedView: null,
        inFlight: [],
        loop: { delayP50Ms: 1, delayP99Ms: 1, delayMaxMs: 1, utilization: 0.25 },
        active: 2,
        requestsPerSecond: 2 / 5,
        rssBytes: 90_000_000,
        heapUsedBytes: 30_000_000,
        dropped: 4,
        lastSeen: Date.now(),
      },
    ]);
  });

  test('with a wrong clock are shown on the collector’s', async () => {
    const anHourAhead = Date.now() + 3_600_000;
    await client.report({ startMs: anHourAhead - 1000, endMs: anHourAhead });
    await client.incidents(instanceOf(), incidentOf({ lastSeen: anHourAhead - 200 }));
    expect(await instanceStates()).toEqual({ 'instance-1': 'ok' });
    const detail = await client.json<IncidentDetail>('api/v1/incidents/v1-export');
    expect(detail.lastSeen).toBe(Date.now() - 200);
  });
});

describe('a hold that was seen while it lasted, and whose end nobody told', () => {
  const ongoing = incidentOf({ count: 0, totalMs: 0, delayedRequests: 0, delayedMs: 0, blocks: [] });
  const state = async (): Promise<IncidentDetail> => client.json<IncidentDetail>('api/v1/incidents/v1-export');

  test('is resolved, with the reason, when its process goes on without it', async () => {
    await client.incidents(instanceOf(), ongoing);
    expect((await state()).state).toBe('open');
    pass(11_000);
    await client.report();
    await vi.waitFor(async () => expect(await state()).toMatchObject({ state: 'resolved' }), 5000);
    expect((await state()).stateReason).toContain('under other names');
  });

  test('stays open when its process is gone', async () => {
    await client.incidents(instanceOf(), ongoing);
    pass(60_000);
    await vi.waitFor(async () => expect(await instanceStates()).toEqual({ 'instance-1': 'gone' }), 5000);
    await client.report({ instance: instanceOf({ id: 'another' }) });
    pass(11_000);
    await client.report({ instance: instanceOf({ id: 'another' }), sequence: 2 });
    const live = client.live();
    // A delta ends a second, in which all holds were looked through.
    await live.message(({ type }) => type === 'delta');
    live.close();
    expect((await state()).state).toBe('open');
  });
});
