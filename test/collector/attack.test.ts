import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attack } from '../../bench/attack/attack.mjs';
import { launchBrowser } from '../dashboard/browser.js';
import { openPage } from '../dashboard/opened-page.js';

/** `npm run bench -- attack` sends 100,000 of each. All tables are full long before this many. */
const NAMES = 11_000;
const MB = 1e6;

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

test('endless routes and fingerprints cost bounded memory, and are counted everywhere as dropped', async () => {
  let onPage = '';
  const result = await attack({
    routes: NAMES,
    fingerprints: NAMES,
    fat: 1000,
    look: async (url) => {
      const { page, close } = await openPage(browser, url);
      const line = page.getByText(/Not everything fitted and was kept/);
      await line.waitFor();
      onPage = (await line.textContent()) ?? '';
      await close();
    },
  });
  expect(result.mistakes).toEqual([]);
  // All requests are counted, if not each under its own name.
  expect(result.requests).toBe(2 * NAMES);
  expect(result.views).toBeLessThanOrEqual(5001);
  expect(result.incidents).toBe(10_000);
  expect(result.dropped.views).toBeGreaterThan(5000);
  expect(result.dropped.incidents).toBeGreaterThan(5000);
  expect(result.dropped.samples).toBeGreaterThan(0);
  expect(result.verdict).toMatch(/[\d,]+ items were dropped/);
  expect(result.metrics.dropped).toEqual(result.dropped);
  for (const [what, count] of Object.entries(result.dropped)) {
    expect(onPage).toContain(`${(count / 1000).toFixed(1)}k ${what}`);
  }
  const weight = (wave: number): number => result.weights.at(wave)?.heapUsed ?? 0;
  // The same attack by one process finds its own limits, and adds next to nothing.
  expect(weight(2) - weight(1)).toBeLessThan(10 * MB);
  expect(weight(4) - weight(3)).toBeLessThan(10 * MB);
  // Samples have at most 128 MB, by a rough count.
  expect(weight(-1)).toBeLessThan(400 * MB);
  console.log(
    result.weights.map(({ after, heapUsed, rss }) => `${after}: ${mb(heapUsed)} MB, RSS ${mb(rss)} MB`).join('\n'),
    `\n${onPage}`,
  );
}, 180_000);

function mb(bytes: number): number {
  return Math.round(bytes / MB);
}
