import { type Collector, startCollector } from 'holdup/collector';
import type { View } from 'holdup/protocol';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Child, ROOT } from '../support/child.js';
import { exportIncident, incident } from './bookshop-incidents.js';
import { launchBrowser } from './browser.js';
import { FleetFeeder } from './fleet-feeder.js';
import { tasksWhile } from './main-thread.js';
import { openPage } from './opened-page.js';
import { startReplayedFeed } from './replayed-feed.js';

/** The Long Tasks threshold. */
const LONG_MS = 50;

let browser: Browser;
/** 500 views, 1,000 incident groups and 200 instances. */
let collector: Collector;
let feeder: FleetFeeder;
let round = 0;
beforeAll(async () => {
  [browser, collector] = await Promise.all([launchBrowser(), startCollector({ port: 0 })]);
  feeder = new FleetFeeder(collector.url, INSTANCES);
  while (round < 5) await tellMuch();
});
afterAll(async () => {
  await browser.close();
  await collector.stop();
});

const VIEWS = [...Array(500).keys()].map(
  (index): View => ({ method: 'GET', route: `/shelf/${index}/:id`, handler: `shelf${index}`, kind: 'async' }),
);
const INSTANCES = 200;

/** A second in which every instance, every view and a fifth of 1,000 incident groups changed. */
async function tellMuch(): Promise<void> {
  round++;
  await feeder.reportTogether((index) =>
    [0, 1, 2].map((which) => {
      const view = VIEWS[(index * 3 + which + round) % VIEWS.length] as View;
      return { view, active: index % 4, requests: 1 + (round % 2), meanMs: 5, busyMs: 1 + (index % 7) };
    }),
  );
  const [instance] = feeder.instances;
  if (instance === undefined) throw new Error('no instance');
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

test('has no long task of its own with 500 views, 1,000 incidents and 200 instances live', {
  timeout: 90_000,
  retry: 2,
}, async () => {
  const { page, close } = await openPage(browser, collector.url);
  await page.locator('.incident-row').first().waitFor();
  const tasks = await tasksWhile(browser, page, async () => {
    for (const path of ['#/', '#/incidents', '#/views', '#/instances', '#/incidents', '#/']) {
      await page.evaluate((to) => {
        location.hash = to;
      }, path);
      const before = await page.evaluate(() => performance.now());
      await tellMuch();
      // Two deltas of the page's own time, whatever they cost it.
      await page.waitForFunction((from) => performance.now() - from > 2_200, before);
    }
  });
  const longest = tasks.reduce((most, task) => Math.max(most, task.processorMs), 0);
  const byClock = tasks.filter((task) => task.durationMs > LONG_MS).length;
  const inAll = tasks.reduce((sum, task) => sum + task.processorMs, 0);
  console.log(
    `page with 500 views, 1,000 incidents and ${INSTANCES} instances live: ${tasks.length} tasks of ${inAll.toFixed(0)} ms of processor time in all, longest ${longest.toFixed(0)} ms; ${byClock} over ${LONG_MS} ms by the clock`,
  );
  expect(tasks.length).toBeGreaterThan(100);
  expect(longest).toBeLessThanOrEqual(LONG_MS);
  await close();
});

test('holds no more rows than a screen needs, however long the list is and wherever it is scrolled', async () => {
  const { page, close } = await openPage(browser, `${collector.url}#/views?sort=name`);
  const rows = page.locator('tbody:not([aria-hidden]) tr');
  await rows
    .filter({ hasText: VIEWS[0]?.route ?? '' })
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'more' }).click();
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  // By name, so that where a view stands does not change meanwhile.
  const near = VIEWS.map((view) => view.route)
    .sort((a, b) => a.localeCompare(b))
    .at(85);
  await rows
    .filter({ hasText: near ?? '' })
    .first()
    .waitFor();
  expect(await rows.count()).toBeLessThan(60);
  expect(await rows.count()).toBeGreaterThan(10);
  await page.evaluate(() => scrollTo(0, 0));
  await rows
    .filter({ hasText: VIEWS[0]?.route ?? '' })
    .first()
    .waitFor();
  await close();
  await collector.stop();
});

// Machine code that V8 makes of what runs often is its own growth, not the page's, and it would hide a small leak.
const WITHOUT_MACHINE_CODE = ['--js-flags=--no-opt --no-maglev --no-sparkplug'];

test('is no larger after 10,000 deltas than after 1,000', { timeout: 90_000, retry: 2 }, async () => {
  const [plain, small] = await Promise.all([launchBrowser(WITHOUT_MACHINE_CODE), startCollector({ port: 0 })]);
  const few = new FleetFeeder(small.url);
  few.start();
  const feed = await startReplayedFeed(small.url, 2);
  few.stop();
  const { page, close } = await openPage(plain, feed.url);
  const session = await page.context().newCDPSession(page);
  await page.locator('.connection.live').waitFor();
  const heapAfter = async (deltas: number, shown: string): Promise<number> => {
    feed.tell(deltas);
    await page.locator('.figure-cell', { hasText: 'Active now' }).getByText(shown, { exact: true }).waitFor();
    return heapUsed(session);
  };
  const early = await heapAfter(1_000, '1,000');
  const late = await heapAfter(10_000, '10.0k');
  const nodes = (await session.send('Memory.getDOMCounters')).nodes;
  console.log(
    `page's heap: ${mb(early)} MB after 1,000 deltas, ${mb(late)} MB after 10,000 (${((late / early - 1) * 100).toFixed(1)} % more); ${nodes} nodes`,
  );
  expect(late).toBeLessThanOrEqual(early * 1.1);
  await close();
  await Promise.all([plain.close(), feed.stop(), small.stop()]);
});

async function heapUsed(session: CDPSession): Promise<number> {
  for (let i = 0; i < 3; i++) await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return usedSize;
}

const mb = (bytes: number): string => (bytes / 1_048_576).toFixed(2);

test('shows the verdict with its first paint, then the worst incidents, and prints when', async () => {
  // A process of its own, as people run it: the test's own is busy with driving the browser.
  const alone = new Child(`${ROOT}dist/collector/cli.js`, { args: ['collector', '--port', '0'] });
  const [url] = await alone.said(/http:\/\/127\.0\.0\.1:\d+\//);
  const few = new FleetFeeder(url);
  await few.reports();
  const [instance] = few.instances;
  if (instance === undefined) throw new Error('no instance');
  await few.incidents(instance, [exportIncident(Date.now(), () => 0.5)]);
  const visits: Paints[] = [];
  for (let visit = 0; visit < 5; visit++) {
    const { page, close } = await openPage(browser, url, {}, null, notePaints);
    visits.push(await paintsOf(page));
    expect(await page.locator('.verdict .sentence').innerText()).toContain('GET /books/export');
    await close();
  }
  const times = (of: keyof Paints): string => visits.map((paints) => paints[of].toFixed(0)).join(', ');
  console.log(`first paint, the verdict in it: ${times('verdictMs')} ms after the navigation began`);
  console.log(`figures and worst incidents painted: ${times('incidentsMs')} ms`);
  await alone.stop();
});

interface Paints {
  readonly verdictMs: number;
  readonly incidentsMs: number;
}

/** Runs in the page. The first paint is the verdict's, as the sentence is in the document before it. */
function notePaints(): void {
  const sentence = (): string => document.querySelector('.sentence')?.textContent ?? '';
  const paints: { verdictMs?: number; incidentsMs?: number } = {};
  Object.assign(window, { paints });
  const painted = (then: (at: number) => void): number =>
    requestAnimationFrame(() => setTimeout(() => then(performance.now())));
  const watch = new MutationObserver(() => {
    if (paints.verdictMs === undefined && sentence().includes('GET /books/export')) {
      const there = performance.now();
      paints.verdictMs = Number.NaN;
      new PerformanceObserver((list) => {
        const [paint] = list.getEntriesByName('first-contentful-paint');
        if (paint !== undefined) paints.verdictMs = Math.max(there, paint.startTime);
      }).observe({ type: 'paint', buffered: true });
    }
    if (document.querySelector('.incident-row') === null) return;
    watch.disconnect();
    painted((at) => {
      paints.incidentsMs = at;
    });
  });
  watch.observe(document, { childList: true, subtree: true });
}

async function paintsOf(page: Page): Promise<Paints> {
  const handle = await page.waitForFunction(() => {
    const { paints } = window as unknown as { paints: Partial<Paints> };
    return Number(paints.verdictMs) > 0 && paints.incidentsMs !== undefined ? paints : null;
  });
  return (await handle.jsonValue()) as Paints;
}
