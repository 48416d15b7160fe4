import { type Collector, startCollector } from 'holdup/collector';
import type { View } from 'holdup/protocol';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportIncident, hold, incident } from './bookshop-incidents.js';
import { launchBrowser } from './browser.js';
import { FleetFeeder } from './fleet-feeder.js';
import { openPage } from './opened-page.js';

let collector: Collector;
let feeder: FleetFeeder;
let browser: Browser;

beforeAll(async () => {
  [collector, browser] = await Promise.all([startCollector({ port: 0 }), launchBrowser()]);
  feeder = new FleetFeeder(collector.url);
  await feeder.reports();
});

afterAll(async () => {
  await browser.close();
  await collector.stop();
});

const HOSTILE: View = {
  method: 'GET',
  route: '/<img src=x onerror=alert(1)>\u202e&amp;$&',
  handler: 'h',
  kind: 'async',
};

test('says the verdict in the document itself, before any script', async () => {
  const [instance] = feeder.instances;
  if (instance === undefined) throw new Error('no instance');
  await feeder.incidents(instance, [exportIncident(Date.now(), () => 0.5)]);
  const { page, close } = await openPage(browser, collector.url, { javaScriptEnabled: false });
  expect(await page.locator('.verdict .sentence').innerText()).toMatch(/^GET \/books\/export held the loop/);
  expect(await page.locator('.sentence code').allInnerTexts()).toContain('GET /books/export');
  await close();
});

test('says so when its code cannot be loaded, instead of a verdict that never changes', async () => {
  const { page, close } = await openPage(browser, collector.url, {}, /ERR_FAILED/);
  await page.route('**/assets/app-*.js', (route) => route.abort());
  await page.reload();
  await page.getByText('could not be loaded').waitFor();
  await close();
});

test('lets no hostile name into the markup of the document', async () => {
  const [instance] = feeder.instances;
  if (instance === undefined) throw new Error('no instance');
  await feeder.incidents(instance, [
    incident({ fingerprint: 'v1-x', view: HOSTILE, ...hold(Date.now(), 9e3, [], []) }),
  ]);
  const html = await (await fetch(collector.url)).text();
  expect(html).toContain('GET /&lt;img</code> src=x');
  expect(html).toContain('‹U+202E›&amp;amp;$&amp;');
  expect(html).not.toContain('<img');
  expect(html).not.toContain('\u202e');
});

test('is never kept by a cache, while its assets are kept forever and sent compressed', async () => {
  const answer = await fetch(collector.url);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const assets = [...(await answer.text()).matchAll(/(?:href|src)="\.\/(assets\/[^"]+)"/g)].map(([, path]) => path);
  expect(assets.length).toBeGreaterThan(3);
  for (const asset of assets) {
    const plain = await fetch(new URL(asset as string, collector.url), { headers: { 'accept-encoding': 'identity' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
    const whole = await plain.text();
    for (const encoding of ['br', 'gzip']) {
      const sent = await fetch(new URL(asset as string, collector.url), { headers: { 'accept-encoding': encoding } });
      expect(sent.headers.get('content-encoding')).toBe(encoding);
      expect(sent.headers.get('content-type')).toBe(plain.headers.get('content-type'));
      expect(sent.headers.get('cache-control')).toContain('immutable');
      expect(sent.headers.get('vary')).toContain('Accept-Encoding');
      expect(Number(sent.headers.get('content-length'))).toBeLessThan(whole.length);
      expect(await sent.text()).toBe(whole);
    }
  }
  const missing = await fetch(new URL('assets/none.js', collector.url));
  expect(missing.status).toBe(404);
  expect(missing.headers.get('content-encoding')).toBeNull();
});
