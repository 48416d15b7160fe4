import { startCollector } from 'holdup/collector';
import type { View } from 'holdup/protocol';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from './browser.js';
import { exportIncident, FleetFeeder, incident } from './fleet-feeder.js';
import { openPage } from './opened-page.js';
import { startReplayedFeed } from './replayed-feed.js';

/** The Long Tasks threshold. */
const LONG_MS = 50;

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

const VIEWS = [...Array(499).keys()].map(
  (index): View => ({ method: 'GET', route: `/shelf/${index}/:id`, handler: `shelf${index}`, kind: 'async' }),
);

/** 499 views and a fifth of 1,000 incident groups, all of them changed. */
async function tellMuch(feeder: FleetFeeder, round: number): Promise<void> {
  const [instance] = feeder.instances;
  if (instance === undefined) throw new Error('no instance');
  const figures = VIEWS.map((view) => ({ view, active: 1, requests: 2, meanMs: 5, busyMs: 1 }));
  await feeder.report(instance, Date.now(), figures, null);
  const from = (round % 5) * 200;
  const some = [...Array(200).keys()].map((index) =>
    incident({
      fingerprint: `v1-many-${from + index}`,
      view: VIEWS[(from + index) % VIEWS.length] as View,
      delayedMs: from + index,
      delayedRequests: 1,
      blocks: index < 20 ? [{ at: Date.now(), durationMs: 60 }] : [],
    }),
  );
  await feeder.incidents(instance, some);
}

// Processor time is what the page is answerable for; on a busy machine the clock tells who else was running.
test('has no long task of its own with 500 views and 1,000 incidents live', { timeout: 90_000, retry: 2 }, async () => {
  const collector = await startCollector({ port: 0 });
  const feeder = new FleetFeeder(collector.url);
  for (let round = 0; round < 5; round++) await tellMuch(feeder, round);
  const { page, close } = await openPage(browser, collector.url);
  await page.locator('.incident-row').first().waitFor();
  await browser.startTracing(page, { categories: ['devtools.timeline', 'disabled-by-default-devtools.timeline'] });
  let round = 0;
  for (const path of ['#/', '#/incidents', '#/views', '#/instances', '#/incidents', '#/']) {
    await page.evaluate((to) => {
      location.hash = to;
    }, path);
    const before = await page.evaluate(() => performance.now());
    await tellMuch(feeder, round++);
    // Two deltas of the page's own time, whatever they cost it.
    await page.waitForFunction((from) => performance.now() - from > 2_200, before);
    if (path === '#/views') expect(await page.locator('tbody tr').count()).toBe(50);
  }
  const tasks = mainThreadTasks(await browser.stopTracing());
  const longest = tasks.reduce((most, task) => Math.max(most, task.processorMs), 0);
  const byClock = tasks.filter((task) => task.durationMs > LONG_MS).length;
  console.log(
    `page with 500 views and 1,000 incidents live: ${tasks.length} tasks, longest ${longest.toFixed(0)} ms of processor time; ${byClock} over ${LONG_MS} ms by the clock`,
  );
  expect(tasks.length).toBeGreaterThan(100);
  expect(longest).toBeLessThanOrEqual(LONG_MS);
  await close();
  await collector.stop();
});

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds: of the clock, and of the processor. */
  readonly dur?: number;
  readonly tdur?: number;
}

/** The tasks of the thread that lays out the page. */
function mainThreadTasks(trace: Buffer): { durationMs: number; processorMs: number }[] {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const layouts = new Map<string, number>();
  const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
  for (const event of traceEvents) {
    if (event.name === 'Layout') layouts.set(threadOf(event), (layouts.get(threadOf(event)) ?? 0) + 1);
  }
  const [main] = [...layouts].sort(([, a], [, b]) => b - a).map(([thread]) => thread);
  return traceEvents
    .filter((event) => event.ph === 'X' && event.name === 'RunTask' && threadOf(event) === main)
    .map(({ dur = 0, tdur = 0 }) => ({ durationMs: dur / 1_000, processorMs: tdur / 1_000 }));
}

test('is no larger after 10,000 deltas than after 1,000', { timeout: 90_000, retry: 2 }, async () => {
  const collector = await startCollector({ port: 0 });
  const feeder = new FleetFeeder(collector.url);
  feeder.start();
  const feed = await startReplayedFeed(collector.url, 4);
  feeder.stop();
  const { page, close } = await openPage(browser, feed.url);
  const session = await page.context().newCDPSession(page);
  await page.locator('.connection.live').waitFor();
  const heapAfter = async (deltas: number, shown: string): Promise<number> => {
    feed.tell(deltas);
    await page.locator('.figure-cell', { hasText: 'Active now' }).getByText(shown, { exact: true }).waitFor();
    return heapUsed(session);
  };
  const early = await heapAfter(1_000, '1,000');
  const late = await heapAfter(10_000, '10.0k');
  console.log(`page's heap: ${mb(early)} MB after 1,000 deltas, ${mb(late)} MB after 10,000`);
  expect(late).toBeLessThanOrEqual(early * 1.1);
  await close();
  await feed.stop();
  await collector.stop();
});

async function heapUsed(session: CDPSession): Promise<number> {
  for (let i = 0; i < 3; i++) await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return usedSize;
}

const mb = (bytes: number): string => (bytes / 1_048_576).toFixed(1);

test('shows the verdict and the worst incident with its first drawing of the fleet, and prints when', async () => {
  const collector = await startCollector({ port: 0 });
  const feeder = new FleetFeeder(collector.url);
  await feeder.reports();
  const [instance] = feeder.instances;
  if (instance === undefined) throw new Error('no instance');
  await feeder.incidents(instance, [exportIncident(Date.now(), () => 0.5)]);
  const times: number[] = [];
  for (let visit = 0; visit < 3; visit++) {
    const { page, close } = await openPage(browser, collector.url, {}, null, noteMeaningfulPaint);
    times.push(await meaningfulMs(page));
    expect(await page.locator('.verdict .sentence').innerText()).toContain('GET /books/export');
    await close();
  }
  console.log(
    `first meaningful paint: ${times.map((each) => each.toFixed(0)).join(', ')} ms after the navigation began`,
  );
  await collector.stop();
});

function noteMeaningfulPaint(): void {
  const watch = new MutationObserver(() => {
    if (document.querySelector('.incident-row') === null) return;
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => Object.assign(window, { meaningfulMs: performance.now() })));
  });
  watch.observe(document, { childList: true, subtree: true });
}

async function meaningfulMs(page: Page): Promise<number> {
  const handle = await page.waitForFunction(() => (window as unknown as { meaningfulMs?: number }).meaningfulMs);
  return (await handle.jsonValue()) as number;
}
