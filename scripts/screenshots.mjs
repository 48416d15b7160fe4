// `npm run screenshots`: the pictures of the README and the docs, taken from the bookshop under its own traffic. Writes
// docs/images/*.png and the short capture docs/images/holdup.gif. `npm run screenshots -- folder` writes elsewhere.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import { ensureBuilt } from './lib/build.mjs';
import { Film, pointAt } from './lib/film.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { programOnPath, root } from './lib/run.mjs';

/** The shop is watched for this long before the first picture, so that each of its mistakes has been made. */
const WATCH_MS = 65_000;
const MOST_ATTEMPTS = 12;
const STOP_WITHIN_MS = 6000;
const DESKTOP = { width: 1440, height: 1000 };
const PHONE = { width: 390, height: 844 };
const CAPTURE = { width: 1200, height: 760 };

/** The incidents worth a picture of their own: named by the operation, in order of preference. */
const BEST_KNOWN = ['fs.readFileSync', 'JSON.parse', 'crypto.pbkdf2Sync'];

await ensureInstalled();
await ensureBuilt();
const folder = resolve(root, process.argv[2] ?? 'docs/images');
mkdirSync(folder, { recursive: true });

// A collector of its own: nothing but the bookshop is to be seen.
const { startCollector } = await import('../dist/collector/index.js');
const collector = await startCollector({ port: 0 });
const shop = await openShop(collector.url);
const browser = await chromium.launch({
  executablePath: await findChromium(),
  args: ['--no-sandbox', '--disable-gpu'],
});
try {
  await takeAll();
} finally {
  await browser.close();
  await closeShop(shop);
  await collector.stop();
}

async function takeAll() {
  const page = await open('dark', DESKTOP);
  console.log(`Watching the bookshop for ${WATCH_MS / 1000} s …`);
  await page.waitForTimeout(WATCH_MS);
  await shootVerdict(page);
  const incident = await bestKnownIncident();
  await film(incident);
  const shots = [
    { name: 'incident', hash: `#/incidents/${incident}`, ready: '.incident' },
    { name: 'incidents', hash: '#/incidents', ready: '.incident-row' },
    { name: 'views', hash: '#/views', ready: 'tbody tr' },
    { name: 'instances', hash: '#/instances', ready: 'tbody tr' },
  ];
  for (const shot of shots) await shoot(page, shot.name, shot);
  const looks = [
    { suffix: '-light', scheme: 'light', size: DESKTOP, names: ['dashboard', 'incident'] },
    { suffix: '-phone', scheme: 'dark', size: PHONE, names: ['dashboard', 'incident'] },
  ];
  for (const { suffix, scheme, size, names } of looks) {
    const other = await open(scheme, size);
    for (const name of names) {
      const shot = shots.find((each) => each.name === name) ?? { hash: '#/', ready: '.incident-row' };
      await shoot(other, name + suffix, shot);
    }
  }
}

async function open(colorScheme, viewport) {
  const context = await browser.newContext({
    viewport,
    colorScheme,
    deviceScaleFactor: viewport === PHONE ? 2 : 1,
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
    locale: 'en-US',
    timezoneId: 'UTC',
  });
  const page = await context.newPage();
  await page.goto(collector.url);
  await page.locator('.connection.live').waitFor();
  return page;
}

/** The overview while its sentence names a culprit of the last minute; a loop that is held right now changes it often. */
async function shootVerdict(page) {
  const named = page.locator('.verdict.is-blocking .verdict-end a');
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    await named.waitFor().catch(() => {});
    await shoot(page, 'dashboard');
    if (await named.isVisible()) return;
  }
}

async function shoot(page, name, { hash, ready } = {}) {
  if (hash !== undefined) await goTo(page, hash);
  if (ready !== undefined) await page.locator(ready).first().waitFor();
  if (hash !== undefined) await settle(page);
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path });
  tell(path);
}

/** Fifteen seconds of a person: the verdict, its incident, what happened sample by sample, what to write instead. */
async function film(incident) {
  const page = await open('dark', CAPTURE);
  const path = join(folder, 'holdup.gif');
  const taken = new Film(() => page.screenshot());
  await page.locator('.incident-row').first().waitFor();
  await settle(page);
  await taken.roll(5, 900);
  const row = page.locator(`.incident-row[href*="${encodeURIComponent(incident)}"]`);
  if ((await row.count()) > 0) {
    await row.scrollIntoViewIfNeeded();
    await pointAt(page, row.locator('.operation'));
    await taken.roll(1, 1100);
    await row.click();
  } else await goTo(page, `#/incidents/${incident}`);
  await page.locator('.incident').waitFor();
  await settle(page);
  await taken.roll(1, 2400);
  const next = page.locator('[data-key="next-sample"]');
  for (let step = 0; step < 2 && (await next.isEnabled()); step++) {
    await pointAt(page, next);
    await next.click();
    await settle(page);
    await taken.roll(1, 1300);
  }
  const copy = page.locator('.instead button');
  if ((await copy.count()) > 0) {
    await copy.scrollIntoViewIfNeeded();
    await pointAt(page, copy);
    await taken.roll(1, 900);
    await copy.click();
    await settle(page);
    await taken.roll(1, 1800);
  }
  taken.save(path);
  tell(path);
  await page.context().close();
}

/** The page is a hash router: a new hash is a new page without a new connection. */
function goTo(page, hash) {
  return page.evaluate((to) => {
    location.hash = to;
  }, hash);
}

/** Two frames after whatever was asked for: drawn. */
function settle(page) {
  return page.evaluate(
    () => new Promise((resolve) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(resolve)), 300)),
  );
}

/** The one with the most to see: a known operation, with a stack, that made others wait. */
async function bestKnownIncident() {
  const { incidents } = await ask('api/v1/incidents?limit=100');
  const known = incidents.filter((each) => each.count > 0 && each.delayedRequests > 0);
  const rank = ({ operation }) => {
    const at = BEST_KNOWN.indexOf(operation);
    return at === -1 ? BEST_KNOWN.length : at;
  };
  const [best] = known.sort((a, b) => rank(a) - rank(b) || b.delayedMs - a.delayedMs);
  if (best === undefined) throw new Error('The bookshop made nobody wait: is it running?');
  return best.fingerprint;
}

async function ask(path) {
  const response = await fetch(new URL(path, collector.url));
  return response.json();
}

async function openShop(collectorUrl) {
  const child = fork(join(root, 'examples/bookshop/server.js'), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'development', HOLDUP_COLLECTOR: collectorUrl, BOOKSHOP_PORT: '0' },
  });
  const [message] = await once(child, 'message');
  if (message.type !== 'listening') throw new Error('The bookshop did not open.');
  return child;
}

async function closeShop(child) {
  if (child.exitCode !== null) return;
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  child.kill('SIGTERM');
  await once(child, 'exit');
  clearTimeout(late);
}

async function findChromium() {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']) {
    const path = await programOnPath(name);
    if (path !== null) return path;
  }
  throw new Error('No Chromium was found. Install one, or set CHROMIUM_PATH.');
}

function tell(path) {
  console.log(`${relative(root, path)}  ${(statSync(path).size / 1024).toFixed(0)} KB`);
}
