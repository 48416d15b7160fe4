import { fork } from 'node:child_process';
import { once } from 'node:events';
import { startCollector } from 'holdup/collector';
import type { InstanceList, Overview, ViewList } from 'holdup/protocol';
import { expect, test } from 'vitest';
import { getJson, ROOT, until } from '../support/child.js';

/** HOLDUP_TEST_NAMES=100000 npx vitest run … for as many as a bad program may make. */
const NAMES = Number(process.env.HOLDUP_TEST_NAMES ?? 10_000);

interface Weight {
  readonly after: number;
  readonly heapUsed: number;
  readonly rss: number;
}

const FIXTURE = `${ROOT}test/middleware/fixtures/endless-names.mjs`;

/** Runs the program; resolves once it has gone through all names, and lives on until it is stopped. */
async function run(options: { readonly execArgv: readonly string[]; readonly env: Record<string, string> }) {
  const child = fork(FIXTURE, [String(NAMES)], {
    execArgv: ['--expose-gc', ...options.execArgv],
    cwd: ROOT,
    env: { ...process.env, NODE_ENV: 'development', VITEST: '', ...options.env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const weights: Weight[] = [];
  const done = new Promise((resolve) => {
    child.on('message', (message: Weight | { done: true }) => {
      if ('done' in message) resolve(message);
      else weights.push(message);
    });
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  await Promise.race([done, ended.then(([code]) => Promise.reject(new Error(`It ended with ${code}.`)))]);
  return { weights, stop };
}

test(`a process with ${NAMES} views and as many places that block keeps bounds, and says what it left out`, async () => {
  // What the program itself takes: code that was compiled is kept for a while.
  const bare = await run({ execArgv: [], env: { HOLDUP_COLLECTOR: 'false' } });
  await bare.stop();
  const collector = await startCollector({ port: 0 });
  const watched = await run({
    execArgv: ['--import', 'holdup/register'],
    env: { HOLDUP_COLLECTOR: collector.url, HOLDUP_SERVICE: 'endless' },
  });
  try {
    // Each view ran twice; all of it arrives, under whatever name.
    const { views } = await until('all runs are counted', async () => {
      const list = await getJson<ViewList>(`${collector.url}api/v1/views?service=endless`);
      return list.views.reduce((sum, { requests }) => sum + requests, 0) >= 2 * NAMES && list;
    });
    expect(views.reduce((sum, { requests }) => sum + requests, 0)).toBe(2 * NAMES);
    expect(views.length).toBeLessThanOrEqual(503);
    expect(views.some(({ route }) => route === '(other)')).toBe(true);
    const { dropped, incidents } = await until('what was left out is told', async () => {
      const overview = await getJson<Overview>(`${collector.url}api/v1/overview`);
      return (overview.dropped.views ?? 0) >= NAMES && (overview.dropped['call sites'] ?? 0) > 0 && overview;
    });
    expect(incidents.total).toBeLessThanOrEqual(1000);
    const { instances } = await getJson<InstanceList>(`${collector.url}api/v1/instances?service=endless`);
    expect(instances[0]?.dropped).toBeGreaterThan(0);

    const added = watched.weights.map(({ heapUsed }, i) => heapUsed - (bare.weights[i]?.heapUsed ?? 0));
    const rss = watched.weights.map((weight, i) => weight.rss - (bare.weights[i]?.rss ?? 0));
    const mb = (bytes: readonly number[]): string => bytes.map((each) => (each / 1e6).toFixed(1)).join(' ');
    console.log(`added by each tenth: heap ${mb(added)} MB, RSS ${mb(rss)} MB; dropped ${JSON.stringify(dropped)}`);
    expect((added.at(-1) ?? 0) - (added[2] ?? 0)).toBeLessThan(2e6);
  } finally {
    await watched.stop();
    await collector.stop();
  }
}, 180_000);
