// One collector under the load of so many processes for so long.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startMeasured } from './measured.mjs';

export const VIEWS = 20;
const REQUESTS_A_VIEW = 50;
/** Asked for all the while, twice a second. */
export const ASKED = ['api/v1/overview', 'api/v1/views', 'api/v1/incidents', 'api/v1/instances', 'metrics'];
const ASK_EVERY_MS = 500;

export async function runLoad({ instances, seconds, encoding }) {
  const collector = await startMeasured();
  const load = await startInstances({ url: collector.url, instances, seconds, encoding });
  const cpuBefore = collector.cpuSeconds();
  const asking = askAllTheWhile(collector);
  const result = await load.result();
  const { asked, weights } = await asking.stop();
  const cpuSeconds = collector.cpuSeconds().map((after, part) => after - cpuBefore[part]);
  const { views } = await (await fetch(new URL('api/v1/views', collector.url))).json();
  await collector.stop();
  const { 200: taken = 0, ...others } = result.statuses;
  const rate = taken / seconds;
  const cpuMicros = cpuSeconds.map((part) => (part * 1e6) / Math.max(1, taken));
  const sum = (values) => values.reduce((total, each) => total + each, 0);
  return {
    instances,
    encoding,
    bytes: result.bytes,
    rate,
    ingest: { p50Ms: result.p50Ms, p99Ms: result.p99Ms },
    late: result.late,
    refused: sum(Object.values(others)),
    // Every report holds the same number of requests.
    isExact: sum(views.map((view) => view.requests)) === taken * VIEWS * REQUESTS_A_VIEW,
    asked,
    cores: (sum(cpuMicros) * rate) / 1e6,
    cpuMicros,
    generatorMicros: (result.cpuSeconds * 1e6) / Math.max(1, taken),
    rss: growthOf(weights),
  };
}

/** Simulated processes, in a process of their own. */
export async function startInstances({ url, instances, seconds, encoding }) {
  const job = { url, instances, views: VIEWS, seconds, encoding };
  const script = fileURLToPath(new URL('./instances.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(job)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  await lines.next();
  return {
    result: async () => JSON.parse((await lines.next()).value),
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

function askAllTheWhile(collector) {
  const times = Object.fromEntries(ASKED.map((path) => [path, []]));
  const weights = [];
  let isRunning = true;
  const asking = (async () => {
    while (isRunning) {
      weights.push({ atMs: performance.now(), mb: collector.rssMb() });
      for (const path of ASKED) {
        const startedAt = performance.now();
        await (await fetch(new URL(path, collector.url))).arrayBuffer();
        times[path].push(performance.now() - startedAt);
      }
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
  })();
  return {
    stop: async () => {
      isRunning = false;
      await asking;
      return { asked: Object.fromEntries(ASKED.map((path) => [path, p99(times[path])])), weights };
    },
  };
}

/** What it weighs at the end, and by how much it grew, by a straight line through the second half. */
function growthOf(weights) {
  const half = weights.slice(weights.length >> 1);
  const mean = (values) => values.reduce((total, each) => total + each, 0) / values.length;
  const at = mean(half.map(({ atMs }) => atMs));
  const mb = mean(half.map((weight) => weight.mb));
  const spread = mean(half.map(({ atMs }) => (atMs - at) ** 2));
  const slope = mean(half.map((weight) => (weight.atMs - at) * (weight.mb - mb))) / (spread || 1);
  return { endMb: weights.at(-1)?.mb ?? 0, slopeMbAMinute: slope * 60_000 };
}

function p99(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(0.99 * sorted.length))] ?? 0;
}
