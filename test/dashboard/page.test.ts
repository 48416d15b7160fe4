import { type Collector, startCollector } from 'holdup/collector';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  EXPORT,
  exportIncident,
  hold,
  incident,
  LOGIN,
  loginIncident,
  SEARCH,
  searchIncident,
} from './bookshop-incidents.js';
import { launchBrowser } from './browser.js';
import { FleetFeeder } from './fleet-feeder.js';
import { openPage } from './opened-page.js';

let collector: Collector;
let feeder: FleetFeeder;
let browser: Browser;
const half = (): number => 0.5;

beforeAll(async () => {
  [collector, browser] = await Promise.all([startCollector({ port: 0 }), launchBrowser()]);
  feeder = new FleetFeeder(collector.url);
});

afterAll(async () => {
  feeder.stop();
  await browser.close();
  await collector.stop();
});

const rows = (page: Page) => page.locator('.incident-row');

/** Waits until there are rows, and each of them has the text (a pattern): one for each service that it happened in. */
async function onlyRowsWith(page: Page, text: string): Promise<void> {
  await page.waitForFunction((wanted) => {
    const found = [...document.querySelectorAll('.incident-row')];
    return found.length > 0 && found.every((row) => new RegExp(wanted).test(row.textContent ?? ''));
  }, text);
}

test('says how to begin before anything has reported', async () => {
  const alone = await startCollector({ port: 0 });
  const { page, close } = await openPage(browser, alone.url);
  await page.getByText('Nothing is connected yet').waitFor();
  await page.getByText('app.use(holdup());').waitFor();
  await close();
  await alone.stop();
});

test('shows the verdict, and an incident as it happens, without a reload', async () => {
  await feeder.reports();
  const { page, close } = await openPage(browser, collector.url);
  await page.getByText('Nothing has held a loop').waitFor();
  const sentence = page.locator('.verdict .sentence');

  const [instance] = feeder.instances;
  if (instance === undefined) throw new Error('no instance');
  const from = Date.now();
  await feeder.incidents(instance, [exportIncident(from, half)]);
  await rows(page).filter({ hasText: 'fs.readFileSync' }).waitFor();
  console.log(`incident on the page ${Date.now() - from} ms after it was posted`);
  await rows(page).filter({ hasText: 'src/exports.ts:41' }).waitFor();
  await sentence.filter({ hasText: 'GET /books/export' }).waitFor();
  // A screen reader hears it when it says something else, not whenever one of its figures changes.
  const spoken = page.locator('.verdict [aria-live="polite"]', { hasText: 'GET /books/export' });
  await spoken.waitFor({ state: 'attached' });
  const first = await spoken.innerText();
  await feeder.incidents(instance, [exportIncident(Date.now(), half)]);
  await sentence.filter({ hasNotText: first }).waitFor();
  expect(await spoken.innerText()).toBe(first);

  feeder.start();
  await feeder.incidents(instance, [
    loginIncident(Date.now(), half),
    searchIncident(Date.now(), half),
    incident({
      fingerprint: 'v1-cold',
      operation: "require('pug')",
      category: 'module loading',
      count: 0,
      coldCount: 1,
    }),
    incident({
      fingerprint: 'v1-start-up',
      kind: 'block',
      operation: '(block)',
      category: 'code',
      view: { method: '', route: '(start-up)', handler: '', kind: 'sync' },
      site: { function: '', file: '', line: 0, column: 0 },
      alternative: '',
      count: 0,
      coldCount: 1,
    }),
  ]);
  await rows(page).filter({ hasText: 'crypto.pbkdf2Sync' }).waitFor();
  await close();
});

test('opens an incident from a deep link, with everything there is to know', async () => {
  const { page, close } = await openPage(browser, `${collector.url}#/incidents/v1-3f9a61c2d07b`);
  await page.getByRole('heading', { name: 'fs.readFileSync in GET /books/export' }).waitFor();
  expect(await page.locator('.line.here').innerText()).toContain('fs.readFileSync(shop.templatePath');
  expect(await page.locator('.caret').innerText()).toMatch(/^\s+\^\s*$/);
  expect(await page.locator('.instead pre').innerText()).toContain(
    "await fs.promises.readFile(shop.templatePath, 'utf8')",
  );
  // The freeze frame: the culprit's lane, and one for each request that waited.
  const lanes = page.locator('.freeze-lane:not(.axis)');
  expect(await lanes.count()).toBeGreaterThan(4);
  expect(await lanes.first().innerText()).toContain('held it');
  // Library frames are folded, the user's own are not.
  await page.getByText('3 library frames').waitFor();
  expect(await page.getByText('Route.dispatch').isVisible()).toBe(false);
  await page.getByText('3 library frames').click();
  await page.getByText('Route.dispatch').waitFor();
  await page.getByText('Or allow it').click();
  await page.getByText("operation: 'fs.readFileSync'").waitFor();

  await page.getByRole('link', { name: 'GET /books/export' }).click();
  await page.waitForURL(/view=GET/);
  await rows(page).first().waitFor();
  expect(await rows(page).filter({ visible: true }).count()).toBe(1);
  await page.goBack();
  await page.getByRole('heading', { name: 'fs.readFileSync in GET /books/export' }).waitFor();
  await close();
});

test('filters incidents by text, view and kind, and keeps the filter in the address', async () => {
  const { page, close } = await openPage(browser, `${collector.url}#/incidents`);
  await rows(page).nth(2).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('password.ts');
  await onlyRowsWith(page, 'crypto.pbkdf2Sync');
  expect(page.url()).toContain('q=password.ts');
  await page.reload();
  await onlyRowsWith(page, 'crypto.pbkdf2Sync');
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.getByLabel('Kind', { exact: true }).selectOption('block');
  await onlyRowsWith(page, 'long-running code|garbage collection');
  await page.getByLabel('View', { exact: true }).selectOption(`${SEARCH.method} ${SEARCH.route}`);
  await onlyRowsWith(page, SEARCH.route);
  await close();
});

test('keeps cold work apart from steady work', async () => {
  const { page, close } = await openPage(browser, `${collector.url}#/incidents`);
  await rows(page).first().waitFor();
  const cold = rows(page).filter({ hasText: "require('pug')" });
  expect(await cold.isVisible()).toBe(false);
  await page.getByRole('heading', { name: 'Cold' }).click();
  await cold.waitFor();
  const startUp = rows(page).filter({ hasText: '(start-up)' }).filter({ hasText: 'while the program loads' });
  await startUp.click();
  await page.getByText(/^The program held its own loop up to .* while it loaded, 1 time\./).waitFor();
  await close();
});

test('sorts views by any column, both ways', async () => {
  const { page, close } = await openPage(browser, `${collector.url}#/views`);
  const column = async (index: number): Promise<string[]> =>
    page.locator(`tbody tr > :nth-child(${index})`).allInnerTexts();
  await page.locator('tbody tr').nth(5).waitFor();
  await page.keyboard.press(' ');
  await page.getByText('Paused').waitFor();
  await page.getByRole('button', { name: 'Requests', exact: true }).click();
  await page.locator('th[aria-sort="descending"]', { hasText: 'Requests' }).waitFor();
  const figures = (await column(5)).map((text) => Number(text.replace(',', '')));
  expect(figures).toEqual(figures.toSorted((a, b) => b - a));
  await page.getByRole('button', { name: 'Requests', exact: true }).click();
  await page.locator('th[aria-sort="ascending"]', { hasText: 'Requests' }).waitFor();
  expect((await column(5)).map((text) => Number(text.replace(',', '')))).toEqual(figures.toReversed());
  expect(page.url()).toContain('order=up');
  await page
    .getByRole('link', { name: `${LOGIN.method} ${LOGIN.route}` })
    .first()
    .click();
  await page.getByRole('heading', { name: 'Incidents in this view' }).waitFor();
  await page.getByRole('img', { name: /^Loop held in the last 5 minutes, at most \d/ }).waitFor();
  await close();
});

test('stands still while paused, and catches up', async () => {
  const { page, close } = await openPage(browser, collector.url);
  await rows(page).first().waitFor();
  await page.keyboard.press(' ');
  await page.getByRole('button', { name: 'Catch up' }).waitFor();
  const [instance] = feeder.instances;
  if (instance === undefined) throw new Error('no instance');
  await feeder.incidents(instance, [
    incident({
      fingerprint: 'v1-while-paused',
      operation: 'zlib.gzipSync',
      view: EXPORT,
      ...hold(Date.now(), 4_000, [], []),
    }),
  ]);
  // The feed has told it by now: another page shows it.
  const other = await openPage(browser, collector.url);
  await other.page.getByText('zlib.gzipSync').first().waitFor();
  await other.close();
  expect(await rows(page).filter({ hasText: 'zlib.gzipSync' }).count()).toBe(0);
  await page.keyboard.press(' ');
  await rows(page).filter({ hasText: 'zlib.gzipSync' }).waitFor();
  await close();
});

test('is driven by the keyboard alone', async () => {
  const { page, close } = await openPage(browser, collector.url);
  await rows(page).first().waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  expect(
    await rows(page)
      .first()
      .evaluate((row) => row === document.activeElement),
  ).toBe(true);
  await page.keyboard.press('Enter');
  await page.waitForURL(/#\/incidents\/v1/);
  // The row is gone: the next Tab leads into the page that came, not back to the top of the document.
  await page.getByRole('button', { name: 'Resolve' }).waitFor();
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Incidents');
  await page.keyboard.press('Escape');
  await page.waitForURL(/#\/incidents$/);
  await page.keyboard.press('4');
  await page.getByRole('heading', { name: 'Instances' }).waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Help' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('Control+k');
  await page.keyboard.type('pbkdf2');
  await page
    .getByRole('option', { name: /pbkdf2Sync/ })
    .first()
    .waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: /pbkdf2Sync in POST/ }).waitFor();
  // What the page does not know by name is looked for in all incidents.
  await page.keyboard.press('Control+k');
  await page.keyboard.type('hashPassword');
  await page.getByRole('option', { name: '“hashPassword” in all incidents' }).click();
  await page.waitForURL(/q=hashPassword/);
  await onlyRowsWith(page, 'crypto.pbkdf2Sync');
  await close();
});

test('is dark or light by the preference of the system, and by its own switch', async () => {
  const { page, close } = await openPage(browser, collector.url, { colorScheme: 'dark' });
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const dark = await ground();
  await page.keyboard.press('t');
  await page.getByRole('button', { name: 'Theme: light' }).waitFor();
  const light = await ground();
  expect(light).not.toBe(dark);
  await page.reload();
  await page.getByRole('button', { name: 'Theme: light' }).waitFor();
  expect(await ground()).toBe(light);
  await page.getByRole('button', { name: 'Theme: light' }).click();
  expect(await ground()).toBe(dark);
  await close();
});

test('tells the chart as a table, and opens an incident from it', async () => {
  const { page, close } = await openPage(browser, collector.url);
  await page.locator('.plot canvas').first().waitFor();
  expect(await page.locator('.legend li').count()).toBeGreaterThan(3);
  await page.getByRole('button', { name: 'Table' }).click();
  await page.getByRole('region', { name: 'Concurrency, second by second' }).waitFor();
  await page.locator('.concurrency td a.held').first().click();
  await page.waitForURL(/#\/incidents\/v1/);
  await close();
});

test('opens the incident of a block that is clicked in the chart, and zooms where it is dragged', async () => {
  const { page, close } = await openPage(browser, `${collector.url}#/?range=1m`);
  const track = page.locator('.plot-held .u-over');
  await page.getByRole('img', { name: /[1-9]\d* holds of the loop are marked/ }).waitFor();
  await page.keyboard.press(' ');
  const box = await track.boundingBox();
  if (box === null) throw new Error('no track');
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * 0.5, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.98, y, { steps: 4 });
  await page.mouse.up();
  await page.waitForFunction(() => /zoom=\d+-\d+/.test(location.hash));
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => !location.hash.includes('zoom'));
  // Like a person: move along the track until the readout names a block, then click.
  for (let x = box.width - 2; x > 0; x -= 6) {
    await page.mouse.move(box.x + x, y);
    if (await page.locator('.plots.on-block').count()) break;
  }
  expect(await page.locator('.readout.held').innerText()).toContain('held');
  await page.mouse.down();
  await page.mouse.up();
  await page.waitForURL(/#\/incidents\/v1/);
  await close();
});

test('copies an incident as Markdown', async () => {
  const { page, close } = await openPage(browser, `${collector.url}#/incidents/v1-3f9a61c2d07b`, {
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  await page.getByRole('button', { name: 'Copy as Markdown' }).waitFor();
  await page.keyboard.press('c');
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  const text = await page.evaluate(() => navigator.clipboard.readText());
  expect(text).toContain('### `fs.readFileSync` holds the event loop in `GET /books/export`');
  expect(text).toContain('    at exportBooks (/srv/bookshop/src/exports.ts:41:23)');
  await close();
});

test('shows which process is blocked right now, and by which view', async () => {
  const { page, close } = await openPage(browser, `${collector.url}#/instances`);
  const instance = feeder.instanceAt(2);
  feeder.stop();
  await page.locator('.connection.live').waitFor();
  await page.locator('tbody tr').nth(2).waitFor();
  await feeder.report(instance, Date.now(), [], { forSeconds: 3.2, view: SEARCH });
  await page.locator('tr.instance-blocked', { hasText: /blocked \d.*s by GET \/search/ }).waitFor();
  await page.waitForFunction(() => document.title.includes('held now'));
  // From the count to the processes it counts, and by a word to one of them.
  await page.getByRole('link', { name: '1 blocked' }).click();
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
  await page.getByRole('link', { name: '3 processes' }).click();
  await page.locator('tbody tr').nth(2).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('worker 2');
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
  await page.getByRole('link', { name: 'bookshop 4117' }).waitFor();
  feeder.start();
  await close();
});

test('saves what it shows as a file, and shows such a file again', async () => {
  const { page, close } = await openPage(browser, collector.url);
  await rows(page).first().waitFor();
  await page.keyboard.press('?');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save what is shown as a file' }).click(),
  ]);
  await page.getByLabel('Open such a file').setInputFiles(await download.path());
  await page.getByRole('button', { name: 'Back to live' }).waitFor();
  await rows(page).first().waitFor();
  await page.getByRole('button', { name: 'Back to live' }).click();
  await page.getByText('Live', { exact: true }).waitFor();
  await close();
});
