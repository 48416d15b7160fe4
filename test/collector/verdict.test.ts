import { type Collector, startCollector } from 'holdup/collector';
import type { Overview } from 'holdup/protocol';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BOOKS_VIEW, Client, EXPORT_VIEW, histogramOf, incidentOf, instanceOf, viewReportOf } from './fixture.js';

let collector: Collector;
let client: Client;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 });
  collector = await startCollector({ port: 0 });
  client = new Client(collector);
});

afterEach(async () => {
  vi.useRealTimers();
  await collector.stop();
});

async function verdict(): Promise<Pick<Overview, 'verdict' | 'status' | 'culprit'>> {
  const { verdict, status, culprit } = await client.json<Overview>('api/v1/overview');
  return { verdict, status, culprit };
}

/** A process that has reported for a whole minute. */
async function watchAMinute(): Promise<void> {
  await client.report({ sequence: 1 });
  vi.setSystemTime(Date.now() + 59_000);
  await client.report({
    sequence: 2,
    views: [viewReportOf({ active: 1, duration: histogramOf(...Array(120).fill(0.01)) })],
  });
}

test('says that nothing is connected yet, and the line to add', async () => {
  expect(await verdict()).toEqual({
    verdict:
      'Nothing is connected yet. Add app.use(holdup()) as the first middleware of your app, or start it with: npx holdup run server.js',
    status: 'waiting',
    culprit: null,
  });
});

test('says that all is well, with the numbers that show it', async () => {
  await watchAMinute();
  expect(await verdict()).toEqual({
    verdict:
      'All is well: nothing holds the loop. 1 process, 2 requests a second, timers at most 1 ms late (p99), loop 25 % busy.',
    status: 'healthy',
    culprit: null,
  });
});

test('names the one culprit: view, share of every second, call, line, and who waited', async () => {
  await watchAMinute();
  await client.incidents(
    instanceOf(),
    incidentOf({ count: 60, totalMs: 24_720, maxMs: 900, delayedRequests: 14, delayedMs: 2100 }),
  );
  expect(await verdict()).toEqual({
    verdict:
      'GET /export held the loop 412 ms of every second (`fs.readFileSync`, exports.ts:41). 14 other requests waited 2.1 s for it.',
    status: 'blocking',
    culprit: 'v1-export',
  });
});

test('shares the time out over the instances it was held in', async () => {
  await watchAMinute();
  for (const id of ['instance-1', 'instance-2']) {
    await client.incidents(instanceOf({ id }), incidentOf({ count: 60, totalMs: 24_000 }));
  }
  expect((await verdict()).verdict).toMatch(/^GET \/export held the loop 400 ms of every second/);
});

test('counts rare holds instead of spreading them over a minute', async () => {
  await watchAMinute();
  await client.incidents(
    instanceOf(),
    incidentOf({ kind: 'block', operation: '(block)', totalMs: 730, delayedRequests: 1, delayedMs: 300 }),
  );
  expect(await verdict()).toMatchObject({
    verdict:
      'GET /export held the loop once in the last minute, for 730 ms (exportBooks, exports.ts:41). 1 other request waited 300 ms for it.',
    status: 'slow',
  });
});

test('says how many views hold the loop when no one is to blame alone', async () => {
  await watchAMinute();
  await client.incidents(
    instanceOf(),
    incidentOf({ count: 60, totalMs: 12_000, delayedRequests: 5, delayedMs: 500 }),
    incidentOf({
      fingerprint: 'v1-books',
      view: BOOKS_VIEW,
      operation: 'crypto.pbkdf2Sync',
      count: 60,
      totalMs: 11_000,
      delayedRequests: 4,
      delayedMs: 700,
    }),
  );
  expect(await verdict()).toMatchObject({
    verdict:
      '2 views hold the loop, worst GET /export: 200 ms of every second (`fs.readFileSync`, exports.ts:41). 9 other requests waited 1.2 s for them.',
    status: 'blocking',
    culprit: 'v1-export',
  });
});

test('puts garbage collection down to garbage collection', async () => {
  await watchAMinute();
  await client.incidents(
    instanceOf(),
    incidentOf({ kind: 'block', operation: '(block)', cause: 'gc', count: 60, totalMs: 7200 }),
  );
  expect(await verdict()).toMatchObject({
    verdict: 'Garbage collection held the loop 120 ms of every second, most of it in GET /export.',
    status: 'blocking',
  });
});

test('blames no code when the machine gave the process no time', async () => {
  await watchAMinute();
  await client.incidents(
    instanceOf(),
    incidentOf({ kind: 'block', operation: '(block)', cause: 'host', count: 10, totalMs: 4500 }),
  );
  expect((await verdict()).verdict).toBe(
    'The machine is starved: it gave the process no time for 4.5 s in the last minute. No code is to blame; look at CPU limits and neighbours.',
  );
});

test('speaks first of what is blocked right now', async () => {
  await watchAMinute();
  await client.incidents(instanceOf(), incidentOf({ count: 60, totalMs: 24_720 }));
  await client.report({
    sequence: 3,
    views: [viewReportOf({ active: 15 })],
    loop: { blocked: { forSeconds: 4.2, view: EXPORT_VIEW } },
  });
  expect(await verdict()).toEqual({
    verdict:
      'GET /export is holding the loop of bookshop (pid 4711) right now, for 4.2 s so far. 14 other requests wait for it.',
    status: 'blocked',
    culprit: 'v1-export',
  });
});

test('leaves out what is cold and what somebody allowed', async () => {
  await watchAMinute();
  await client.incidents(
    instanceOf(),
    incidentOf({ count: 0, coldCount: 30, totalMs: 3000 }),
    incidentOf({ fingerprint: 'v1-allowed', allowed: 'nightly export', count: 60, totalMs: 24_720 }),
  );
  expect((await verdict()).status).toBe('healthy');
});

test('puts down to module loading what a start costs its first visitors', async () => {
  await watchAMinute();
  const loading = { category: 'module loading', count: 0, coldCount: 1 } as const;
  await client.incidents(
    instanceOf(),
    incidentOf({ ...loading, fingerprint: 'v1-pug', operation: "require('pug')", totalMs: 340 }),
    incidentOf({ ...loading, fingerprint: 'v1-ejs', operation: "require('ejs')", totalMs: 72 }),
  );
  expect(await verdict()).toEqual({
    verdict:
      "Module loading held the loop for 412 ms in the last minute, most of it `require('pug')` in GET /export. It does not come back; load it at start, and no request has to wait for it.",
    status: 'slow',
    culprit: 'v1-pug',
  });
});

test('says how many processes are silent', async () => {
  await watchAMinute();
  await client.report({ instance: instanceOf({ id: 'instance-2', pid: 4712 }), sequence: 1 });
  vi.setSystemTime(Date.now() + 6000);
  await client.report({ instance: instanceOf({ id: 'instance-2', pid: 4712 }), sequence: 2 });
  expect((await verdict()).verdict).toMatch(/ 1 process is silent\.$/);
});

test('adds how much was dropped', async () => {
  await watchAMinute();
  await client.report({ sequence: 3, dropped: [{ what: 'samples', count: 1200 }] });
  expect((await verdict()).verdict).toMatch(
    /1,200 items were dropped in the last minute, so some counts are too low\.$/,
  );
});

test('does not call healthy what no incident explains', async () => {
  await watchAMinute();
  await client.report({ sequence: 3, loop: { activeSeconds: 1, idleSeconds: 0, blockedSeconds: 1 } });
  expect(await verdict()).toMatchObject({
    verdict: expect.stringMatching(/^The loop was held \d+ ms of every second, and no single incident explains it/),
    status: 'slow',
  });
});

test('names the code, not the starved machine, unless the machine clearly did most of it', async () => {
  await client.report({ views: [viewReportOf({ view: EXPORT_VIEW })] });
  const starved = incidentOf({ fingerprint: 'v1-host', kind: 'block', operation: '(block)', cause: 'host', count: 5 });
  await client.incidents(
    instanceOf(),
    { ...starved, totalMs: 3000 },
    incidentOf({ fingerprint: 'v1-code', count: 30, totalMs: 2500 }),
  );
  const mixed = await verdict();
  expect(mixed.culprit).toBe('v1-code');
  expect(mixed.verdict).toMatch(/^GET \/export held the loop .* The machine was starved as well, for 3\.0 s\.$/);
  await client.incidents(instanceOf(), { ...starved, totalMs: 20_000 });
  expect((await verdict()).verdict).toMatch(/^The machine is starved: it gave the process no time for 23 s/);
});
