import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Collector, startCollector } from 'holdup/collector';
import type { IncidentList, InstanceList, ViewList } from 'holdup/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getJson, ROOT, until } from '../support/child.js';

/** `npm test` puts PM2 there, where that can be done. */
const PM2 = `${ROOT}.cache/pm2/node_modules/pm2/bin/pm2`;
const APP = `${ROOT}test/register/fixtures/app.mjs`;
/** Where `holdup` is found; nothing there names the service. */
const HERE = join(ROOT, 'test');
const isHere = existsSync(PM2);
if (!isHere) console.warn('PM2 is not in .cache/pm2, so its tests are skipped.');

const run = promisify(execFile);
/** A PM2 of its own, with a daemon of its own. */
const home = mkdtempSync(join(tmpdir(), 'holdup-pm2-'));
let collector: Collector;

beforeAll(async () => {
  collector = await startCollector({ port: 0 });
});
afterAll(async () => {
  if (isHere) await pm2('kill');
  await collector.stop();
  rmSync(home, { recursive: true, force: true });
});

function pm2(...args: readonly string[]): Promise<{ stdout: string }> {
  const env = { ...process.env, PM2_HOME: home, NODE_ENV: 'development', VITEST: '' };
  // Where the daemon is started, the processes of its clusters find what `--import` names.
  return run(process.execPath, [PM2, ...args], { cwd: HERE, env });
}

/** Those that live, but for those that PM2 has ended. */
async function instancesOf(
  service: string,
  count: number,
  ended: readonly number[] = [],
): Promise<InstanceList['instances']> {
  const all = await until(`${count} processes of ${service} have reported`, async () => {
    const { instances } = await getJson<InstanceList>(`${collector.url}api/v1/instances?service=${service}`);
    const here = instances.filter(({ state, pid }) => state === 'ok' && !ended.includes(pid));
    return here.length === count && here;
  });
  return [...all].sort((a, b) => (a.role < b.role ? -1 : 1));
}

describe.skipIf(!isHere).each([
  { mode: 'fork', count: 1 },
  { mode: 'cluster', count: 2 },
])('PM2 in $mode mode', ({ mode, count }) => {
  test('shows each process by its name and number, and where it blocks', async () => {
    const name = `shop-${mode}`;
    const log = join(home, `${name}.log`);
    const config = join(home, `${name}.json`);
    const app = {
      name,
      script: APP,
      exec_mode: mode,
      instances: count,
      node_args: '--import holdup/register',
      cwd: HERE,
      out_file: log,
      error_file: log,
      merge_logs: true,
      autorestart: true,
      env: { HOLDUP_COLLECTOR: collector.url },
    };
    writeFileSync(config, JSON.stringify({ apps: [app] }));
    await pm2('start', config);
    const instances = await instancesOf(name, count);
    const list = JSON.parse((await pm2('jlist')).stdout) as { name: string; pm_id: number; pid: number }[];
    const started = list.filter((each) => each.name === name);
    expect(started).toHaveLength(count);
    for (const { pid, pm_id: id } of started) {
      expect(instances.find((each) => each.pid === pid)?.role).toBe(`PM2 ${id}|${name}`);
    }

    const port = /^listening (\d+)$/m.exec(readFileSync(log, 'utf8'))?.[1];
    const requests = 10 * count;
    for (let i = 0; i < requests; i++) {
      const response = await fetch(`http://127.0.0.1:${port}/shop/books/1`, { headers: { connection: 'close' } });
      expect(response.status).toBe(200);
    }
    const [view] = await until('all requests are counted', async () => {
      const { views } = await getJson<ViewList>(`${collector.url}api/v1/views?service=${name}`);
      const ours = views.filter(({ route }) => route === '/shop/books/:id');
      return ours.reduce((sum, each) => sum + each.requests, 0) === requests && ours;
    });
    expect(view).toMatchObject({ method: 'GET', handler: 'readBook' });
    const { incidents } = await getJson<IncidentList>(`${collector.url}api/v1/incidents?service=${name}`);
    const incident = incidents.find(({ view: { route } }) => route === '/shop/books/:id');
    expect(incident).toMatchObject({ operation: 'fs.readFileSync', site: { function: 'readBook' } });

    // A restart is a new process under the same number.
    await pm2('restart', name);
    const ended = instances.map(({ pid }) => pid);
    const restarted = await instancesOf(name, count, ended);
    expect(restarted.map(({ role }) => role)).toEqual(instances.map(({ role }) => role));
    await pm2('delete', name);
  }, 60_000);
});
