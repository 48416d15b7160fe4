import { startCollector } from 'holdup/collector';
import type { View } from 'holdup/protocol';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportIncident, hold, incident } from './bookshop-incidents.js';
import { launchBrowser } from './browser.js';
import { FleetFeeder } from './fleet-feeder.js';
import { openPage } from './opened-page.js';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

const half = (): number => 0.5;

function firstOf(feeder: FleetFeeder) {
  const [instance] = feeder.instances;
  if (instance === undefined) throw new Error('no instance');
  return instance;
}

test('says that it lost the collector, keeps what it knows, and comes back by itself', async () => {
  const first = await startCollector({ port: 0 });
  const feeder = new FleetFeeder(first.url);
  await feeder.reports();
  await feeder.incidents(firstOf(feeder), [exportIncident(Date.now(), half)]);
  // The browser prints every connection that is refused.
  const { page, close } = await openPage(browser, first.url, {}, /ERR_CONNECTION_REFUSED|WebSocket connection/);
  await page.locator('.incident-row', { hasText: 'fs.readFileSync' }).waitFor();
  await page.locator('.connection.live').waitFor();
  await first.stop();
  await page.locator('.connection.reconnecting', { hasText: 'Reconnecting' }).waitFor();
  expect(await page.locator('.incident-row', { hasText: 'fs.readFileSync' }).count()).toBe(1);

  const second = await startCollector({ port: first.port });
  const again = new FleetFeeder(second.url);
  await again.reports();
  await again.incidents(firstOf(again), [
    incident({ fingerprint: 'v1-after', operation: 'fs.statSync', ...hold(Date.now(), 90, [], []) }),
  ]);
  await page.locator('.connection.live').waitFor();
  await page.locator('.incident-row', { hasText: 'fs.statSync' }).waitFor();
  await close();
  await second.stop();
});

test('works under a sub-path, with a policy that allows nothing unsafe', async () => {
  const collector = await startCollector({ port: 0, basePath: '/holdup' });
  const feeder = new FleetFeeder(collector.url);
  await feeder.reports();
  await feeder.incidents(firstOf(feeder), [exportIncident(Date.now(), half)]);
  const policy = (await fetch(collector.url)).headers.get('content-security-policy');
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("style-src 'self'");
  expect(policy).not.toContain('unsafe');
  const { page, close } = await openPage(browser, collector.url);
  expect(new URL(page.url()).pathname).toBe('/holdup/');
  await page.locator('.connection.live').waitFor();
  await page.locator('.incident-row', { hasText: 'fs.readFileSync' }).click();
  await page.locator('.freeze').waitFor();
  await close();
  await collector.stop();
});

const HOSTILE: readonly (readonly [string, string])[] = [
  ['markup', '/<img src=x onerror=alert(1)><script>alert(2)</script>'],
  ['right-to-left override', '/invoice\u202Egpj.exe'],
  ['lone surrogate', '/half\uD83D'],
  ['emoji', '/👩‍👩‍👧‍👦/🏴‍☠️'],
  ['ten kilobytes', `/${'long'.repeat(2_500)}`],
  ['line breaks and zero width', '/a\nb\u200Bc\u2028d'],
  ['address parts', '/%2F..%2F?q=1#x'],
];

test('shows hostile names as harmless, legible text', async () => {
  const collector = await startCollector({ port: 0 });
  const feeder = new FleetFeeder(collector.url);
  const instance = firstOf(feeder);
  const views = HOSTILE.map(([, route]): View => ({ method: 'GET', route, handler: `h${route}`, kind: 'async' }));
  await feeder.report(
    instance,
    Date.now(),
    views.map((view) => ({ view, active: 3, requests: 4, meanMs: 9, busyMs: 2 })),
    null,
  );
  await feeder.incidents(
    instance,
    views.map((view, index) =>
      incident({
        fingerprint: `v1-hostile-${index}`,
        view,
        operation: `fs${view.route}`,
        site: { function: view.route, file: `/srv${view.route}.js`, line: 3, column: 4 },
        alternative: `await ${view.route}`,
        owner: view.route,
        codeFrame: { startLine: 2, lines: ['', view.route, '</pre><b>'] },
        ...hold(
          Date.now(),
          80,
          [{ method: 'GET', route: view.route, delayedMs: 30, startOffsetMs: 5 }],
          [{ function: view.route, file: view.route, line: 1, column: 1, inApp: true }],
        ),
      }),
    ),
  );
  const visit = async (viewport: { width: number; height: number }): Promise<void> => {
    const { page, close } = await openPage(browser, collector.url, { viewport });
    // One of them holds the loop, and the others wait behind it.
    await feeder.report(
      instance,
      Date.now(),
      views.map((view) => ({ view, active: 3, requests: 4, meanMs: 9, busyMs: 2 })),
      { forSeconds: 2, view: views[1] ?? null },
    );
    const paths = [
      `#/instances/${instance.id}`,
      '#/',
      '#/?chart=table',
      '#/incidents',
      '#/views',
      ...views.map((_, index) => `#/incidents/v1-hostile-${index}`),
      ...views.map(({ method, route, handler, kind }) => {
        const key = JSON.stringify([instance.service, method, route, handler, kind]);
        return `#/views/${encodeURIComponent(key)}`;
      }),
    ];
    for (const path of paths) {
      await page.evaluate((to) => {
        location.hash = to;
      }, path);
      await page
        .locator(path.includes('hostile') ? '.freeze' : 'main .panel')
        .first()
        .waitFor();
      const found = await page.evaluate(() => ({
        foreign: document.querySelectorAll('main img, main script, main pre b').length,
        overflow: document.documentElement.scrollWidth - innerWidth,
        unseen: /[\u202e\u200b\u2028\ud800-\udbff](?![\udc00-\udfff])/.test(
          document.querySelector('main')?.textContent ?? '',
        ),
      }));
      expect(found, path).toEqual({ foreign: 0, overflow: 0, unseen: false });
    }
    await page.evaluate(() => {
      location.hash = '#/incidents';
    });
    await page.locator('.incident-row', { hasText: 'invoice‹U+202E›gpj.exe' }).waitFor();
    await close();
  };
  await Promise.all([visit({ width: 1440, height: 900 }), visit({ width: 390, height: 844 })]);
  await collector.stop();
});

test('survives a file that is not what it says, and a page that cannot be drawn', async () => {
  const collector = await startCollector({ port: 0 });
  const feeder = new FleetFeeder(collector.url);
  await feeder.reports();
  await feeder.incidents(firstOf(feeder), [exportIncident(Date.now(), half)]);
  const { page, close } = await openPage(browser, collector.url);
  await page.locator('.incident-row').waitFor();
  await page.keyboard.press('?');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save what is shown as a file' }).click(),
  ]);
  const { readFileSync } = await import('node:fs');
  const text = readFileSync(await download.path(), 'utf8');
  const open = async (name: string, change: (saved: Record<string, unknown>) => unknown): Promise<void> => {
    const buffer = Buffer.from(JSON.stringify(change(JSON.parse(text))));
    await page.getByLabel('Open such a file').setInputFiles({ name, mimeType: 'application/json', buffer });
  };
  for (const broken of [{ incidents: [null] }, { views: {} }, { overview: { verdict: 'x' } }, { timeline: [{}] }]) {
    const [name] = Object.keys(broken);
    await open(`${name}.json`, (saved) => ({ ...saved, ...broken }));
    await page.getByText(`“${name}.json” is no snapshot of Holdup.`).waitFor();
  }
  // Its rows are in order, but what one of them leads to is not.
  await open('samples.json', (saved) => ({
    ...saved,
    details: (saved.details as object[]).map((detail) => ({ ...detail, samples: [{ at: 1, durationMs: 2 }] })),
  }));
  await page.locator('.incident-row').click();
  await page.getByText('This page could not be drawn').waitFor();
  await page.keyboard.press('3');
  await page.locator('tbody tr').first().waitFor();
  await page.getByRole('button', { name: 'Back to live' }).click();
  await page.goBack();
  await page.locator('.freeze').waitFor();
  await close();
  await collector.stop();
});

test('draws a gap where nothing was told', async () => {
  const collector = await startCollector({ port: 0 });
  const feeder = new FleetFeeder(collector.url);
  await feeder.reports();
  const { page, close } = await openPage(browser, collector.url);
  await page.locator('.plot canvas').first().waitFor();
  await page.keyboard.press('?');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save what is shown as a file' }).click(),
  ]);
  const { readFileSync } = await import('node:fs');
  const saved = JSON.parse(readFileSync(await download.path(), 'utf8'));
  const point = { ...saved.timeline.at(-1), active: { 'GET /books': 4 } };
  const end = saved.overview.at;
  // Twenty seconds told, twenty not, twenty told.
  const told = [...Array(60).keys()].filter((second) => second < 20 || second >= 40);
  saved.timeline = told.map((second) => ({ ...point, at: end - (60 - second) * 1_000 }));
  await page
    .getByLabel('Open such a file')
    .setInputFiles({ name: 'gap.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(saved)) });
  await page.getByRole('button', { name: 'Back to live' }).waitFor();
  const box = await page.locator('.plot-active .u-over').boundingBox();
  if (box === null) throw new Error('no plot');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.locator('.readout', { hasText: 'no data' }).waitFor();
  await page.mouse.move(box.x + box.width / 5, box.y + box.height / 2);
  await page.locator('.readout', { hasText: '4 active' }).waitFor();
  await close();
  await collector.stop();
});

test('marks the same holds whether it has watched or comes later', async () => {
  const collector = await startCollector({ port: 0 });
  const feeder = new FleetFeeder(collector.url);
  await feeder.reports();
  const watching = await openPage(browser, collector.url);
  await watching.page.locator('.connection.live').waitFor();
  const instance = firstOf(feeder);
  for (let i = 0; i < 6; i++) {
    // A loop that gets blocked is told at once, and its second is told again when it is over.
    await feeder.incidents(instance, [exportIncident(Date.now(), half)]);
    await feeder.report(instance, Date.now(), [], { forSeconds: 0.2, view: null });
    await feeder.report(instance, Date.now(), [], null);
  }
  const all = { name: /^Active requests by view over time. 6 holds/ };
  await watching.page.getByRole('img', all).waitFor();
  const later = await openPage(browser, collector.url);
  await later.page.getByRole('img', all).waitFor();
  await watching.close();
  await later.close();
  await collector.stop();
});
