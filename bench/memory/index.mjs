import { setTimeout as sleep } from 'node:timers/promises';
import { workload } from '../apps/workloads.mjs';
import { startCollector } from '../lib/collector.mjs';
import { startLoad, startServer } from '../lib/comparison.mjs';
import { machineLine, nodesOf } from '../lib/machine.mjs';
import { markdownTable } from '../lib/markdown.mjs';
import { median, slope } from '../lib/statistics.mjs';

export const summary =
  'memory with and without Holdup: idle, after many requests, under many routes, with many in flight';

const FULL = { processes: 3, requests: 200_000, routes: 10_000, held: 5000, settleMs: 2500 };
const QUICK = { processes: 1, requests: 20_000, routes: 1000, held: 500, settleMs: 1500 };
/** How many times the heap is looked at while the requests come. The first looks see caches being filled. */
const LOOKS = 10;
const LOOKS_WHILE_WARMING = 4;

/** Measures and returns the report, as Markdown. */
export async function bench({ quick, requests, processes, majors = [20, 24] }) {
  const usual = quick ? QUICK : FULL;
  const plan = { ...usual, requests: requests ?? usual.requests, processes: processes ?? usual.processes };
  const collector = await startCollector();
  const rows = [];
  try {
    const variants = [
      { name: 'bare', env: { VARIANT: 'bare' } },
      { name: 'Holdup', env: { VARIANT: 'holdup', HOLDUP_COLLECTOR: collector.url } },
    ].map((each) => ({ ...each, nodeArgs: ['--expose-gc'] }));
    for (const { version, program } of nodesOf(majors)) {
      for (const situation of SITUATIONS) {
        console.error(`memory: Node ${version}, ${situation.title(plan)} …`);
        const samples = variants.map(() => []);
        for (let i = 0; i < plan.processes; i++) {
          for (const [at, variant] of variants.entries()) {
            samples[at].push(await measure(program, variant, situation, plan));
          }
        }
        rows.push(row(`Node ${version}, ${situation.title(plan)}`, samples));
      }
    }
  } finally {
    await collector.stop();
  }
  const header = [
    '',
    'RSS MB bare',
    'Holdup',
    'added',
    'heap MB bare',
    'Holdup',
    'added',
    'heap growth, bytes a request',
  ];
  return (
    `## Memory\n\n${markdownTable(header, rows)}\n\n${machineLine()}. Medians of ${plan.processes} processes each, after ` +
    'a full collection and, idle again, a report to the collector. An empty worker thread alone is 9 MB of RSS on Node ' +
    `20 and 19 MB on Node 24. Growth is the slope of the heap over the last ${LOOKS - LOOKS_WHILE_WARMING} of ${LOOKS} ` +
    'looks, bare and with Holdup; RSS differs by some megabytes from process to process.'
  );
}

const SITUATIONS = [
  { title: () => 'idle', name: 'hello', size: () => 1, act: async () => ({}) },
  {
    title: ({ requests }) => `after ${requests.toLocaleString('en')} requests`,
    name: 'hello',
    size: () => 1,
    async act({ load, server, requests }, plan) {
      const looks = [];
      for (let look = 1; look <= LOOKS; look++) {
        await send(load, server, requests, Math.ceil(plan.requests / LOOKS));
        const { heapUsedBytes } = await server.ask({ ask: 'heap' });
        if (look > LOOKS_WHILE_WARMING) looks.push({ x: (look * plan.requests) / LOOKS, y: heapUsedBytes });
      }
      return { growth: slope(looks) };
    },
  },
  {
    title: ({ routes }) => `${routes.toLocaleString('en')} routes, each asked for`,
    name: 'routes',
    size: ({ routes }) => routes,
    async act({ load, server, requests }, plan) {
      await send(load, server, requests, plan.routes * 2);
      return {};
    },
  },
  {
    title: ({ held }) => `${held.toLocaleString('en')} requests in flight`,
    name: 'hello',
    size: () => 1,
    async act({ load, server }, plan) {
      await load.ask({ hold: { port: server.ready.port, path: '/hold', count: plan.held } });
      return {};
    },
  },
];

async function measure(program, variant, { name, size, act }, plan) {
  const load = await startLoad();
  let server;
  try {
    server = await startServer(program, variant, name, size(plan));
    const { requests } = workload(name, size(plan));
    const more = await act({ load, server, requests }, plan);
    await sleep(plan.settleMs);
    return { ...(await server.ask({ ask: 'heap' })), ...more };
  } finally {
    await Promise.all([load, server].map((child) => child?.stop()));
  }
}

async function send(load, server, requests, count) {
  const { failed } = await load.ask({ send: { port: server.ready.port, requests, connections: 16, count } }, 600_000);
  if (failed > 0) throw new Error(`${failed} requests were not answered with success.`);
}

function row(title, [bare, holdup]) {
  const middle = (samples, field) => median(samples.map((each) => each[field]));
  const megabytes = (field) => {
    const [without, and] = [middle(bare, field) / 1e6, middle(holdup, field) / 1e6];
    return [without.toFixed(1), and.toFixed(1), (and - without).toFixed(1)];
  };
  const growth =
    bare[0].growth === undefined ? '' : `${middle(bare, 'growth').toFixed(1)}, ${middle(holdup, 'growth').toFixed(1)}`;
  return [title, ...megabytes('rssBytes'), ...megabytes('heapUsedBytes'), growth];
}
