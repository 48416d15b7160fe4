// `npm run bench -- collector [--quick] [--minutes N]`: one collector under the load of many simulated processes and
// many open pages, on this machine, its load generators included.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { machineLine } from '../lib/machine.mjs';

export const summary = 'one collector under 2,000 processes and 500 pages';

const CLI = fileURLToPath(new URL('../../dist/collector/cli.js', import.meta.url));
const VIEWS = 20;
/** Asked for all the while, twice a second. */
const ASKED = ['api/v1/overview', 'api/v1/views', 'api/v1/incidents', 'api/v1/instances', 'metrics'];

export async function bench({ quick = false, minutes, pages: withPages = true } = {}) {
  const seconds = minutes === undefined ? (quick ? 10 : 60) : Math.round(minutes * 60);
  const rows = [];
  const only = process.env.HOLDUP_BENCH_INSTANCES;
  const steps = only === undefined ? (quick ? [500, 1000] : [500, 1000, 2000]) : only.split(',').map(Number);
  for (const instances of steps) rows.push(await loadRow(instances, seconds));
  const pages = withPages ? await pagesRow(quick ? 100 : 500, Math.min(seconds, 30)) : '';
  return [
    `Each process reports ${VIEWS} views once a second (${rows[0]?.bytes.plain} bytes of protobuf, ${rows[0]?.bytes.packed} as gzip); SQLite store; ${seconds} s each.`,
    `Load generators share the cores. ${machineLine()}`,
    '',
    '| processes | reports/s | ingest p50 | ingest p99 | not taken | wrong sums | p99 of `overview` · `views` · `incidents` · `instances` · `/metrics`, ms | collector CPU | CPU a report, µs: main + other threads + store | RSS after 1/3 → end |',
    '|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|',
    ...rows.map((row) => row.line),
    '',
    pages,
  ].join('\n');
}

/** Starts `holdup collector` with a store of its own. */
async function startCollector() {
  const folder = mkdtempSync(join(tmpdir(), 'holdup-bench-'));
  const args = [...(process.env.HOLDUP_BENCH_NODE_ARGS?.split(' ') ?? []), CLI, 'collector', '--port', '0'];
  const child = spawn(process.execPath, [...args, '--store', join(folder, 'collector.db')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, HOLDUP_LOG_LEVEL: 'warn' },
  });
  const url = await new Promise((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const found = /^Holdup dashboard: (\S+)$/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`The collector ended with ${code}.`)));
  });
  const stop = () =>
    new Promise((resolve) => {
      child.once('exit', () => {
        rmSync(folder, { recursive: true, force: true });
        resolve();
      });
      child.kill('SIGTERM');
    });
  return { url, pid: child.pid, stop };
}

async function loadRow(instances, seconds) {
  const collector = await startCollector();
  const asked = Object.fromEntries(ASKED.map((path) => [path, []]));
  const job = {
    url: collector.url,
    instances,
    views: VIEWS,
    seconds,
    connections: Math.max(8, instances >> 3),
    encoding: 'gzip',
  };
  const load = spawn(
    process.execPath,
    [fileURLToPath(new URL('./instances.mjs', import.meta.url)), JSON.stringify(job)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const lines = createInterface(load.stdout)[Symbol.asyncIterator]();
  await lines.next();
  const startedAt = performance.now();
  const cpuBefore = cpuSecondsOf(collector.pid);
  let isRunning = true;
  const rss = [];
  const watching = (async () => {
    while (isRunning) {
      rss.push(rssOf(collector.pid));
      for (const path of Object.keys(asked)) asked[path].push(await timed(new URL(path, collector.url)));
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  })();
  const { value } = await lines.next();
  const elapsed = (performance.now() - startedAt) / 1000;
  isRunning = false;
  await watching;
  const result = JSON.parse(value);
  const cpuAfter = cpuSecondsOf(collector.pid);
  const parts = ['main', 'others', 'store'].map((part) => cpuAfter[part] - cpuBefore[part]);
  const cpuSeconds = parts.reduce((sum, part) => sum + part);
  const { views } = await (await fetch(new URL('api/v1/views', collector.url))).json();
  const counted = views.reduce((sum, view) => sum + view.requests, 0);
  const taken = result.statuses['200'] ?? 0;
  // Every report holds the same number of requests, so the sum must be exact.
  const expected = taken * VIEWS * 50;
  await collector.stop();
  const notTaken = result.sent - taken + result.unanswered;
  const line = [
    instances,
    (taken / elapsed).toFixed(0),
    `${result.p50Ms.toFixed(1)} ms`,
    `${result.p99Ms.toFixed(1)} ms`,
    notTaken,
    counted === expected ? 'none' : `${counted} for ${expected}`,
    ASKED.map((path) => p99(asked[path]).toFixed(0)).join(' · '),
    `${((cpuSeconds / elapsed) * 100).toFixed(0)} %`,
    parts.map((part) => ((part * 1e6) / Math.max(1, taken)).toFixed(0)).join(' + '),
    `${mb(rss[Math.floor(rss.length / 3)])} → ${mb(rss.at(-1))} MB`,
  ];
  console.error(`collector: ${line.join(' · ')} · generator ${((result.cpuSeconds / elapsed) * 100).toFixed(0)} % CPU`);
  return { bytes: result.bytes, line: `| ${line.join(' | ')} |` };
}

/** Many pages at once, while 200 processes report: does each get every delta, and how late? */
async function pagesRow(pages, seconds) {
  const collector = await startCollector();
  const job = {
    url: collector.url,
    instances: 200,
    views: VIEWS,
    seconds: seconds + 5,
    connections: 8,
    encoding: 'gzip',
  };
  const load = spawn(
    process.execPath,
    [fileURLToPath(new URL('./instances.mjs', import.meta.url)), JSON.stringify(job)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const watch = spawn(
    process.execPath,
    [fileURLToPath(new URL('./pages.mjs', import.meta.url)), JSON.stringify({ url: collector.url, pages, seconds })],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const { value } = await createInterface(watch.stdout)[Symbol.asyncIterator]().next();
  load.kill();
  await collector.stop();
  const { deltas, missed, told, p50Ms, p99Ms } = JSON.parse(value);
  const text = `${pages} pages open for ${seconds} s: ${deltas} deltas received, ${missed} missed without a word, ${told} missed and told; from the collector's clock to the page p50 ${p50Ms.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms.`;
  console.error(`collector: ${text}`);
  return text;
}

async function timed(url) {
  const startedAt = performance.now();
  const response = await fetch(url);
  await response.arrayBuffer();
  return performance.now() - startedAt;
}

function p99(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(0.99 * sorted.length))] ?? 0;
}

function rssOf(pid) {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}

/** User and system time so far: of the main thread, of the others (unpacking, garbage collection), of the store. */
function cpuSecondsOf(pid) {
  const main = secondsIn(`/proc/${pid}/task/${pid}/stat`);
  const others = secondsIn(`/proc/${pid}/stat`) - main;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  const store = children.reduce((sum, child) => sum + secondsIn(`/proc/${child}/stat`), 0);
  return { main, others, store };
}

function secondsIn(file) {
  const fields = readFileSync(file, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function mb(bytes = 0) {
  return Math.round(bytes / 1024 / 1024);
}
