import { readFileSync } from 'node:fs';
import { type Collector, startCollector } from 'holdup/collector';
import type { IncidentSample } from 'holdup/protocol';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EXPORT, exportIncident, hold, incident, LOGIN, SEARCH } from './bookshop-incidents.js';
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
  await feeder.incidents(feeder.instanceAt(0), [
    exportIncident(Date.now(), half),
    exportIncident(Date.now() + 700, () => 0.9),
  ]);
});

afterAll(async () => {
  await browser.close();
  await collector.stop();
});

const EXPORT_PAGE = '#/incidents/v1-3f9a61c2d07b';

test('colours the words, strings and comments of source lines and of what to write instead', async () => {
  await feeder.incidents(feeder.instanceAt(0), [
    incident({
      fingerprint: 'v1-coloured',
      ...hold(Date.now(), 70, [], []),
      codeFrame: {
        startLine: 39,
        lines: [
          ' * the end of a comment that began above */',
          // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the code that is coloured
          'const name = `a ${"b"} // no comment`; // a comment',
          "\tconst text = fs.readFileSync('it\\'s here'); /* one",
          'two */ return text;',
        ],
      },
    }),
  ]);
  const { page, close } = await openPage(browser, `${collector.url}#/incidents/v1-coloured`);
  const pieces = (kind: string) => page.locator(`.code-frame .${kind}`).allInnerTexts();
  await page.locator('.code-frame .keyword').first().waitFor();
  expect(await pieces('keyword')).toEqual(['const', 'const', 'return']);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as above
  expect(await pieces('string')).toEqual(['`a ${"b"} // no comment`', "'it\\'s here'"]);
  expect(await pieces('comment')).toEqual([
    ' * the end of a comment that began above */',
    '// a comment',
    '/* one',
    'two */',
  ]);
  // A tab is two spaces, and the caret moves with it: column 23 stands behind 22 characters, one of them a tab.
  expect((await page.locator('.caret > span').last().innerText()).indexOf('^')).toBe(23);
  expect(await page.locator('.instead .keyword').allInnerTexts()).toEqual(['await']);
  await close();
});

test('goes through the samples with the keyboard, and copies the trace and the place', async () => {
  const { page, close } = await openPage(browser, `${collector.url}${EXPORT_PAGE}`, {
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  await page.getByText('Sample 1 of 2').waitFor();
  await page.keyboard.press(']');
  await page.getByText('Sample 2 of 2').waitFor();
  expect(page.url()).toContain('sample=');
  await page.keyboard.press('[');
  await page.getByText('Sample 1 of 2').waitFor();
  // Or picked from all of them, by how long each held the loop.
  const strip = page.getByRole('group', { name: 'Samples', exact: true }).getByRole('button');
  expect(await strip.nth(0).getAttribute('aria-pressed')).toBe('true');
  await strip.nth(1).click();
  await page.getByText('Sample 2 of 2').waitFor();
  const heights = await strip.locator('i').evaluateAll((bars) => bars.map((bar) => bar.getBoundingClientRect().height));
  expect(Math.max(...heights)).toBeGreaterThan(Math.min(...heights));
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await page.getByText('Trace').getByRole('button', { name: 'Copy' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  expect(await clipboard()).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
  await page.getByRole('button', { name: 'Copy path' }).click();
  await page.waitForFunction(async () => (await navigator.clipboard.readText()).startsWith('/srv'));
  expect(await clipboard()).toBe('/srv/bookshop/src/exports.ts:41:23');
  await close();
});

test('copies on a plain http address too, without moving the page or the focus', async () => {
  // There the browser has no clipboard interface.
  const { page, close } = await openPage(
    browser,
    `${collector.url}${EXPORT_PAGE}`,
    { viewport: { width: 900, height: 400 } },
    null,
    () => Object.defineProperty(navigator, 'clipboard', { value: undefined }),
  );
  const copy = page.locator('.instead button');
  await copy.scrollIntoViewIfNeeded();
  await copy.focus();
  const before = await page.evaluate(() => scrollY);
  await page.evaluate(() => {
    addEventListener('copy', () => {
      document.title = `copied ${String(getSelection())}`;
    });
  });
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  expect(await page.title()).toContain('copied await fs.promises.readFile(');
  expect(await page.evaluate(() => scrollY)).toBe(before);
  expect(await copy.evaluate((button) => button === document.activeElement)).toBe(true);
  await close();
});

test('lays the stacks of several samples over one another, as wide as they held the loop', async () => {
  const frame = (name: string, line: number, inApp = true) => ({
    function: name,
    file: inApp ? '/srv/bookshop/src/report.ts' : '',
    line: inApp ? line : 0,
    column: 1,
    inApp,
  });
  const at = Date.now() - 2_000;
  const sample = (startsAt: number, durationMs: number, ...stack: IncidentSample['stack']): IncidentSample => ({
    at: startsAt,
    durationMs,
    stack,
    delayed: [],
    traceId: '',
  });
  const report = frame('report', 8);
  await feeder.incidents(feeder.instanceAt(1), [
    incident({
      fingerprint: 'v1-several-stacks',
      kind: 'block',
      operation: '(block)',
      category: 'code',
      alternative: '',
      ...hold(at, 800, [], []),
      samples: [
        // One hold of 800 ms, in which another place was seen for its last 200 ms.
        sample(at, 800, frame('Array.sort', 0, false), frame('sortRows', 20), report),
        sample(at + 600, 200, frame('sumRows', 30), report),
      ],
    }),
  ]);
  const { page, close } = await openPage(browser, `${collector.url}#/incidents/v1-several-stacks`);
  await page.getByRole('heading', { name: 'Where the time went' }).waitFor();
  const cell = (name: string) =>
    page.locator('.icicle li > div').filter({ has: page.getByText(name, { exact: true }) });
  expect(await cell('report').innerText()).toContain('100 %');
  expect(await cell('sortRows').innerText()).toContain('75 %');
  expect(await cell('sumRows').innerText()).toContain('25 %');
  const width = async (name: string) => (await cell(name).boundingBox())?.width ?? 0;
  expect((await width('sortRows')) / (await width('sumRows'))).toBeCloseTo(3, 0);
  // What a frame called stands under it.
  const top = async (name: string) => (await cell(name).boundingBox())?.y ?? 0;
  expect(await top('Array.sort')).toBeGreaterThan(await top('sortRows'));
  await page.goto(`${collector.url}${EXPORT_PAGE}`);
  await page.locator('.freeze').waitFor();
  expect(await page.getByRole('heading', { name: 'Where the time went' }).count()).toBe(0);
  await close();
});

test('says what many short calls made a block together, and what to do then', async () => {
  const note = '212 × fs.statSync (95 ms)';
  const stack = [{ function: 'lookForFiles', file: '/srv/bookshop/src/covers.ts', line: 12, column: 5, inApp: true }];
  const at = Date.now() - 2_000;
  await feeder.incidents(feeder.instanceAt(1), [
    incident({
      fingerprint: 'v1-short-calls',
      kind: 'block',
      operation: '(block)',
      category: 'code',
      alternative: '',
      ...hold(at, 110, [], stack),
      samples: [{ at, durationMs: 110, stack, delayed: [], traceId: '', note }],
    }),
  ]);
  const { page, close } = await openPage(browser, `${collector.url}#/incidents/v1-short-calls`);
  await page.getByText(note, { exact: true }).waitFor();
  await page.getByText('Each of these calls is short; together they hold the loop.').waitFor();
  await close();
});

test('shows one process: who waits behind its hold, and the incidents seen on it', async () => {
  const figures = { requests: 1, meanMs: 20, busyMs: 1 };
  await feeder.incidents(feeder.instanceAt(2), [
    incident({ fingerprint: 'v1-admin', operation: 'zlib.gzipSync', view: SEARCH, ...hold(Date.now(), 90, [], []) }),
  ]);
  const tell = (blocked: { forSeconds: number; view: typeof SEARCH } | null) =>
    feeder.report(
      feeder.instanceAt(2),
      Date.now(),
      blocked !== null
        ? []
        : [
            { view: LOGIN, active: 6, ...figures },
            { view: SEARCH, active: 1, ...figures },
            { view: EXPORT, active: 0, ...figures },
          ],
      blocked,
    );
  await tell(null);
  const { page, close } = await openPage(browser, `${collector.url}#/instances/bookshop-2`);
  await page.locator('.incident-row', { hasText: 'zlib.gzipSync' }).waitFor();
  expect(await page.locator('.incident-row', { hasText: 'fs.readFileSync' }).count()).toBe(0);
  await page.getByText('Nothing holds its loop').waitFor();
  await tell({ forSeconds: 3.2, view: SEARCH });
  await page.getByText(/held [\d.]+ s by/).waitFor();
  const waiting = await page.locator('.waiting li').allInnerTexts();
  await page.getByText('by GET /search').first().waitFor();
  expect(waiting.map((text) => text.replace(/\s+/g, ' '))).toEqual(['POST /login 6 waiting', 'GET /search 1 with it']);
  // The incidents of the view that holds it say so, for as long as it does.
  await page.locator('.incident-row', { hasText: 'zlib.gzipSync' }).click();
  await page.getByText('holding now').waitFor();
  await tell(null);
  await page.getByText('holding now').waitFor({ state: 'detached' });
  await close();
});

test('sends what it saw to somebody else: a file with the incidents whole', async () => {
  const { page, close } = await openPage(browser, `${collector.url}${EXPORT_PAGE}`);
  await page.locator('.freeze').waitFor();
  const sentence = await page.locator('.incident-sentence').innerText();
  await page.keyboard.press('?');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save what is shown as a file' }).click(),
  ]);
  const file = { name: 'seen.json', mimeType: 'application/json', buffer: readFileSync(await download.path()) };
  await close();

  // Another machine, whose collector has never heard of it.
  const elsewhere = await startCollector({ port: 0 });
  // Back to live, the incident is not known there: the browser prints the 404.
  const other = await openPage(browser, elsewhere.url, {}, /404/);
  await other.page.locator('.connection.live').waitFor();
  await other.page.keyboard.press('?');
  const opener = other.page.getByLabel('Open such a file');
  await opener.setInputFiles({ ...file, buffer: Buffer.from('{"format":"something else"}') });
  await other.page.getByText('“seen.json” is no snapshot of Holdup.').waitFor();
  await opener.setInputFiles(file);
  await other.page.getByRole('button', { name: 'Back to live' }).waitFor();
  await other.page.locator('.incident-row', { hasText: 'fs.readFileSync' }).first().click();
  await other.page.locator('.freeze').waitFor();
  expect(await other.page.locator('.incident-sentence').innerText()).toBe(sentence);
  expect(await other.page.getByRole('button', { name: 'Resolve' }).count()).toBe(0);
  await other.page.getByRole('button', { name: 'Back to live' }).click();
  await other.page.locator('.sentence', { hasText: 'Nothing is connected yet' }).waitFor();
  await other.close();
  await elsewhere.stop();
});
