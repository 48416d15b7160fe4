import { type Collector, startCollector } from 'holdup/collector';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../dashboard/browser.js';
import { Child, ROOT } from '../support/child.js';

/** From the end of a block, or the begin of one that goes on, to the browser. Milliseconds; what the issue promises. */
const PROMISED_MS = 1000;
const RUNS = 5;

let collector: Collector;
let app: Child;
let browser: Browser;
let page: Page;
let url: string;

beforeAll(async () => {
  collector = await startCollector({ port: 0 });
  app = new Child(`${ROOT}test/middleware/fixtures/mistakes.mjs`, { env: { HOLDUP_COLLECTOR: collector.url } });
  url = await app.url();
  browser = await launchBrowser();
  page = await browser.newPage();
  await page.goto(`${collector.url}#/incidents`);
  await page.getByText('Live').first().waitFor();
});
afterAll(async () => {
  await browser?.close();
  await app?.stop('SIGKILL');
  await collector?.stop();
});

/** Milliseconds from `from` until the page has shown the text. */
async function shown(text: string, from: number): Promise<number> {
  await page.waitForFunction((wanted) => document.body.textContent?.includes(wanted), text, { polling: 20 });
  return performance.now() - from;
}

test('an incident is on the page a moment after it ended', async () => {
  const figures: number[] = [];
  await fetch(`${url}/login?rounds=200000`);
  figures.push(await shown('crypto.pbkdf2Sync', performance.now()));
  // The same incident again: its count on the page goes up. The first one was cold, so steady counts start now.
  for (let run = 1; run < RUNS; run++) {
    await fetch(`${url}/login?rounds=200000`);
    figures.push(await shown(`${run}×`, performance.now()));
  }
  const sorted = figures.toSorted((a, b) => a - b);
  console.log(`incident to browser: ${figures.map((ms) => ms.toFixed(0)).join(', ')} ms`);
  expect(sorted[Math.floor(RUNS / 2)]).toBeLessThan(PROMISED_MS);
});

test('an endless loop is on the page while it spins', async () => {
  const abort = new AbortController();
  const from = performance.now();
  const pending = fetch(`${url}/spin/60000`, { signal: abort.signal }).catch(() => {});
  const ms = await shown('GET /spin/:ms', from);
  console.log(`begin of an endless loop to browser: ${ms.toFixed(0)} ms`);
  expect(ms).toBeLessThan(2 * PROMISED_MS);
  abort.abort();
  await pending;
});
