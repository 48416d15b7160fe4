import { type Collector, startCollector } from 'holdup/collector';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EXPORT, exportIncident, hold, incident } from './bookshop-incidents.js';
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
  await feeder.reports();
});

afterAll(async () => {
  await browser.close();
  await collector.stop();
});

test('resolves an incident, shows on every page that it came back, and ignores it with a reason that can be taken back', async () => {
  await feeder.incidents(feeder.instanceAt(0), [exportIncident(Date.now(), half)]);
  const [one, other] = await Promise.all([
    openPage(browser, `${collector.url}#/incidents/v1-3f9a61c2d07b`),
    openPage(browser, `${collector.url}#/incidents`),
  ]);
  const { page } = one;
  const row = other.page.locator('.incident-row', { hasText: 'fs.readFileSync' });
  await row.waitFor();
  await page.getByRole('button', { name: 'Resolve' }).click();
  await page.getByLabel('How it was resolved').fill('streams the template since 2.4.2');
  await page.keyboard.press('Enter');
  await page.getByText('streams the template since 2.4.2').waitFor();
  // Nobody needs to look at it any more; who asks for it finds it.
  await row.waitFor({ state: 'detached' });
  await other.page.getByLabel('State').selectOption('resolved');
  await row.waitFor();
  await other.page.getByLabel('State').selectOption('');

  await feeder.incidents(feeder.instanceAt(0), [exportIncident(Date.now() + 50, half)]);
  await row.getByText('regressed').waitFor();
  await page.getByText('It came back').waitFor();

  await page.getByRole('button', { name: 'Ignore' }).click();
  await page.getByRole('button', { name: 'Ignore it' }).click();
  // Without a reason the browser's own check holds it back.
  expect(await page.locator('.reason:invalid').count()).toBe(1);
  await page.getByLabel('Why it is to be ignored').fill('runs at night <b>only</b>');
  await page.getByRole('button', { name: 'Ignore it' }).click();
  await page.getByText('runs at night <b>only</b>').waitFor();
  await row.waitFor({ state: 'detached' });
  await page.reload();
  await page.getByText('runs at night <b>only</b>').waitFor();
  await page.getByRole('button', { name: 'Open again' }).click();
  await page.getByRole('button', { name: 'Ignore' }).waitFor();
  await row.waitFor();
  await one.close();
  await other.close();
});

test('keeps the incidents of two services apart that share code', async () => {
  const shared = { fingerprint: 'v1-shared', operation: 'zlib.gzipSync', view: EXPORT };
  await feeder.incidents(feeder.instanceAt(0), [incident({ ...shared, ...hold(Date.now(), 70, [], []) })]);
  await feeder.incidents(feeder.instanceAt(2), [incident({ ...shared, ...hold(Date.now(), 90, [], []) })]);
  const { page, close } = await openPage(browser, `${collector.url}#/incidents`);
  const rows = page.locator('.incident-row', { hasText: 'zlib.gzipSync' });
  await rows.nth(1).waitFor();
  await rows.filter({ hasText: 'bookshop-admin' }).click();
  await page.getByText('holding the loop up to 90 ms').waitFor();
  await page.goBack();
  await rows.filter({ hasNotText: 'bookshop-admin' }).click();
  await page.getByText('holding the loop up to 70 ms').waitFor();
  // The view's link, the marks of the chart and the verdict keep them apart as well.
  expect(await page.getByRole('link', { name: 'GET /books/export' }).getAttribute('href')).toContain(
    'service=bookshop',
  );
  await page.goto(`${collector.url}#/?chart=table`);
  for (const durationMs of [70, 90]) {
    await page
      .locator('td a.held', { hasText: `${durationMs} ms` })
      .first()
      .click();
    await page.getByText(`holding the loop up to ${durationMs} ms`).waitFor();
    await page.goBack();
  }
  await close();
});

test('shows an hour, a day and a week from what the collector keeps', async () => {
  const { page, close } = await openPage(browser, `${collector.url}#/?chart=table`);
  await page.getByRole('region', { name: 'Concurrency, second by second' }).waitFor();
  for (const [label, range, rows] of [
    ['1 h', '1h', 'Concurrency, 10 s a row'],
    ['24 h', '24h', /Concurrency, \d+ min a row/],
    ['7 d', '7d', /Concurrency, \d+ (min|h) a row/],
  ] as const) {
    await page.getByRole('button', { name: label, exact: true }).click();
    await page.getByRole('region', { name: rows }).waitFor();
    expect(page.url()).toContain(`range=${range}`);
    await page.locator('.concurrency tbody tr').first().waitFor();
  }
  await page.getByRole('button', { name: 'Chart' }).click();
  await page.getByText('Longest holds').waitFor();
  await close();
});
