import { on } from 'node:events';
import { type Collector, startCollector } from 'holdup/collector';
import type { LiveMessage, View } from 'holdup/protocol';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { incident } from './bookshop-incidents.js';
import { launchBrowser } from './browser.js';
import { FleetFeeder } from './fleet-feeder.js';
import { openPage } from './opened-page.js';

/** More than the live feed tells a page that opens, and more than two pages of the API. */
const GROUPS = 450;
const RARE: View = { method: 'GET', route: '/rare/:id', handler: 'rare', kind: 'async' };

let collector: Collector;
let browser: Browser;

beforeAll(async () => {
  [collector, browser] = await Promise.all([startCollector({ port: 0 }), launchBrowser()]);
  const feeder = new FleetFeeder(collector.url);
  await feeder.reports();
  const [instance] = feeder.instances;
  if (instance === undefined) throw new Error('no instance');
  await feeder.report(instance, Date.now(), [{ view: RARE, active: 1, requests: 1, meanMs: 5, busyMs: 2 }], null);
  const groups = [...Array(GROUPS).keys()].map((index) =>
    incident({
      fingerprint: `v1-many-${index}`,
      operation: `fs.op${index}Sync`,
      ...(index === 0 ? { view: RARE } : {}),
      delayedRequests: 1,
      delayedMs: 1_000 + index,
    }),
  );
  await feeder.incidents(instance, groups);
  await quietFeed();
});

/** The feed has told whoever listens of every change: a page that opens from now on hears of the worst groups only. */
async function quietFeed(): Promise<void> {
  const socket = new WebSocket(new URL('api/v1/live', collector.url));
  for await (const [data] of on(socket, 'message')) {
    const message = JSON.parse(String(data)) as LiveMessage;
    if (message.type === 'delta' && message.incidents.length === 0) break;
  }
  socket.terminate();
}

afterAll(async () => {
  await browser.close();
  await collector.stop();
});

test('finds by a word what the live feed has never told', async () => {
  const { page, close } = await openPage(browser, `${collector.url}#/incidents`);
  const rows = page.locator('.incident-row');
  await page.getByText(/groups so far/).waitFor();
  expect(await rows.filter({ hasText: 'fs.op3Sync' }).count()).toBe(0);
  await page.keyboard.press('/');
  await page.keyboard.type('op3sync');
  await rows.filter({ hasText: 'fs.op3Sync' }).waitFor();
  expect(await rows.count()).toBe(1);
  await rows.first().click();
  await page.getByRole('heading', { name: 'fs.op3Sync in GET /books/export' }).waitFor();
  await page.goBack();
  await rows.filter({ hasText: 'fs.op3Sync' }).waitFor();
  await close();
});

test('reaches the last of all groups, a page at a time', async () => {
  const { page, close } = await openPage(browser, `${collector.url}#/incidents`);
  await page.getByText(/groups so far/).waitFor();
  const show = page.getByRole('button', { name: /^Show/ });
  const last = page.locator('.incident-row', { hasText: 'fs.op0Sync' });
  // As many presses as there are hundreds, and no more: the button goes with the last of them.
  for (let listed = 100; listed < GROUPS; listed += 100) {
    expect(await last.count()).toBe(0);
    await show.click();
  }
  await page.getByText(`${GROUPS} groups`, { exact: true }).waitFor();
  await show.waitFor({ state: 'detached' });
  await page.keyboard.press('End');
  await last.waitFor();
  await close();
});

test('goes back to where one was in a long list, and to the top of a page that is new', async () => {
  const { page, close } = await openPage(browser, `${collector.url}#/incidents`);
  await page.locator('.incident-row').first().waitFor();
  const row = page.locator('.incident-row', { hasText: 'fs.op400Sync' });
  for (let turn = 0; turn < 20 && (await row.count()) === 0; turn++) {
    await page.mouse.wheel(0, 400);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
  await row.scrollIntoViewIfNeeded();
  await page.waitForFunction(() => history.state?.y === scrollY && scrollY > 2_000);
  const before = await page.evaluate(() => scrollY);
  await row.click();
  await page.getByRole('heading', { name: /fs\.op400Sync/ }).waitFor();
  expect(await page.evaluate(() => scrollY)).toBe(0);
  await page.goBack();
  await page.waitForFunction((y) => Math.abs(scrollY - y) < 20, before);
  expect(await row.evaluate((each) => each.getBoundingClientRect().top < innerHeight)).toBe(true);
  await close();
});

test('shows a view its incidents though the feed has not told them', async () => {
  const { page, close } = await openPage(browser, `${collector.url}#/views`);
  await page.getByRole('link', { name: 'GET /rare/:id' }).click();
  await page.locator('.incident-row', { hasText: 'fs.op0Sync' }).waitFor();
  expect(await page.locator('.incident-row').count()).toBe(1);
  await close();
});
