import { createRequire } from 'node:module';
import { type Collector, startCollector } from 'holdup/collector';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportIncident, incident, SEARCH, searchIncident } from './bookshop-incidents.js';
import { launchBrowser } from './browser.js';
import { FleetFeeder } from './fleet-feeder.js';
import { openPage } from './opened-page.js';

const AXE = createRequire(import.meta.url).resolve('axe-core');

let collector: Collector;
let empty: Collector;
let feeder: FleetFeeder;
let browser: Browser;

beforeAll(async () => {
  [collector, empty, browser] = await Promise.all([
    startCollector({ port: 0 }),
    startCollector({ port: 0 }),
    launchBrowser(),
  ]);
  feeder = new FleetFeeder(collector.url);
  const [first] = feeder.instances;
  if (first === undefined) throw new Error('no instance');
  await feeder.reports();
  const several = searchIncident(Date.now(), () => 0.4);
  const [sample] = several.samples;
  if (sample === undefined) throw new Error('no sample');
  await feeder.incidents(first, [
    {
      ...several,
      fingerprint: 'v1-several',
      samples: [sample, { ...sample, at: sample.at + 9_000, stack: sample.stack.slice(1) }],
    },
    exportIncident(Date.now(), () => 0.4),
    searchIncident(Date.now(), () => 0.4),
    incident({
      fingerprint: 'v1-cold',
      operation: "require('pug')",
      category: 'module loading',
      count: 0,
      coldCount: 1,
    }),
  ]);
});

afterAll(async () => {
  await browser.close();
  await collector.stop();
  await empty.stop();
});

/** One instance says that its loop is held; silence soon makes that old. */
async function blockOne(): Promise<void> {
  const third = feeder.instanceAt(2);
  const waiting = { view: SEARCH, active: 2, requests: 1, meanMs: 9, busyMs: 2 };
  await feeder.report(third, Date.now(), [waiting], { forSeconds: 2, view: SEARCH });
}

interface AxeResult {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** Everything there is to check in one theme; in the other what a theme can change: the contrast. */
async function axe(page: Page): Promise<string[]> {
  // Rows of a long list come some a frame.
  await page.locator('.to-come').first().waitFor({ state: 'detached' });
  const light = await run(page, {});
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await run(page, { runOnly: { type: 'rule', values: ['color-contrast'] } });
  await page.emulateMedia({ colorScheme: 'light' });
  return [...light, ...dark.map((each) => `dark ${each}`)];
}

async function run(page: Page, rules: object): Promise<string[]> {
  const violations = await page.evaluate(
    async (options) => {
      const { axe } = window as unknown as { axe: { run: (options: object) => Promise<{ violations: AxeResult[] }> } };
      return (await axe.run(options)).violations;
    },
    { ...rules, resultTypes: ['violations'] },
  );
  return violations.flatMap((violation) =>
    violation.nodes.map((node) => `${violation.id}: ${node.html.slice(0, 160)} ${node.failureSummary.slice(0, 300)}`),
  );
}

/** The key of a view in an address. */
const VIEW = ['bookshop', SEARCH.method, SEARCH.route, SEARCH.handler, SEARCH.kind];

/** The last part of the overview: the parts come one after another. */
const WHOLE = '[aria-labelledby="instances-title"] tbody tr';

const PAGES = [
  ['overview', '#/', WHOLE],
  ['chart as a table', '#/?chart=table', '.concurrency td'],
  ['incidents', '#/incidents?cold=open', '.incident-row'],
  ['incident', '#/incidents/v1-3f9a61c2d07b', '.freeze'],
  ['unknown incident', '#/incidents/v1-nothing', '.empty'],
  ['an hour', '#/?range=1h', WHOLE],
  ['views', '#/views', 'tbody tr'],
  ['view', `#/views/${encodeURIComponent(JSON.stringify(VIEW))}`, '.figures'],
  ['instances', '#/instances', 'tr.instance-blocked'],
  ['instance', '#/instances/bookshop-2', '.waiting li'],
  ['several stacks', '#/incidents/v1-several', '.icicle'],
] as const;

for (const viewport of [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
]) {
  test(`has nothing for axe to find in either theme, ${viewport.width} px wide`, { timeout: 90_000 }, async () => {
    const options = { colorScheme: 'light', viewport, bypassCSP: true } as const;
    // The incident that does not exist answers 404, which the browser prints.
    const opened = await openPage(browser, collector.url, options, /404/);
    const { page } = opened;
    await page.addScriptTag({ path: AXE });
    for (const [name, hash, landmark] of PAGES) {
      if (name.startsWith('instance')) await blockOne();
      await page.evaluate((to) => {
        location.hash = to;
      }, hash);
      await page.locator(landmark).first().waitFor();
      if (name === 'incident') await page.getByRole('button', { name: 'Ignore' }).click();
      expect(await axe(page), name).toEqual([]);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overflow, `${name} is wider than the screen`).toBeLessThanOrEqual(0);
    }
    for (const key of ['?', 'Control+k']) {
      await page.keyboard.press(key);
      await page.getByRole('dialog').waitFor();
      expect(await axe(page), `dialog of ${key}`).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    await opened.close();

    const waiting = await openPage(browser, empty.url, options);
    await waiting.page.addScriptTag({ path: AXE });
    await waiting.page.getByText('app.use(holdup());').waitFor();
    expect(await axe(waiting.page), 'nothing connected').toEqual([]);
    await waiting.close();
  });
}
