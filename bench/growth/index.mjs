import { workload } from '../apps/workloads.mjs';
import { lineChart } from '../lib/chart.mjs';
import { startCollector } from '../lib/collector.mjs';
import { startLoad, startServer } from '../lib/comparison.mjs';
import { machineLine, nodesOf } from '../lib/machine.mjs';
import { markdownTable } from '../lib/markdown.mjs';
import { quartiles, slope } from '../lib/statistics.mjs';
import { AXES } from './axes.mjs';

export const summary = 'how what Holdup adds grows with requests, routes, requests in flight, incidents and awaits';

const FULL = { minutes: 9, turns: 24, burstMs: 400, warmup: { count: 4000, durationMs: 1000 } };
const QUICK = { minutes: 1.5, turns: 2, burstMs: 150, warmup: { count: 300, durationMs: 150 } };

/** Measures and returns the report, as Markdown, with a chart for each axis. */
export async function bench({ quick, minutes, majors = quick ? [20] : [20, 24] }) {
  const plan = quick ? QUICK : FULL;
  const nodes = nodesOf(majors);
  const count = nodes.length * AXES.reduce((sum, axis) => sum + axis.x.length, 0);
  const budgetMs = ((minutes ?? plan.minutes) * 60_000) / count;
  const collector = await startCollector();
  const sections = [];
  const files = {};
  try {
    for (const axis of AXES) {
      const lines = [];
      for (const { version, program } of nodes) {
        console.error(`growth: Node ${version}, ${axis.title} …`);
        const points = [];
        for (const x of quick ? axis.quickX : axis.x) {
          points.push(await addedAt(x, axis, { ...plan, budgetMs, program, collector: collector.url }));
        }
        lines.push({ name: `Node ${version}`, points });
      }
      const file = `docs/images/growth-${axis.name}.svg`;
      const y = axis.per === 'second' ? 'added CPU, ms a second' : 'added CPU, µs a request';
      files[file] = lineChart({ title: `What Holdup adds by ${axis.title.toLowerCase()}`, x: axis.xLabel, y, lines });
      sections.push(section(axis, lines, y));
    }
  } finally {
    await collector.stop();
  }
  const method =
    `${machineLine()}. CPU time of the process with Holdup less that of the bare one, in turns of ${plan.burstMs} ms: ` +
    'median with quartiles. The slope is the median of the slopes between every two points (Theil and Sen).';
  return { markdown: `## How the cost grows\n\n${sections.join('\n\n')}\n\n${method}`, files };
}

/** What Holdup adds at one value of an axis. */
async function addedAt(x, axis, plan) {
  const { workload: name, size, perSecond, held = 0 } = axis.of(x);
  const startedAtMs = performance.now();
  const load = await startLoad();
  /** For each server, who keeps its requests in flight. */
  const holders = [];
  const servers = [];
  try {
    for (const env of [{ VARIANT: 'bare' }, { VARIANT: 'holdup', HOLDUP_COLLECTOR: plan.collector }]) {
      servers.push(await startServer(plan.program, { env }, name, size));
    }
    const { requests } = workload(name, size);
    const burst = async (server, length) => {
      const before = await server.ask({ ask: 'usage' });
      // Nobody asks for anything: what remains is what Holdup does by itself.
      const idle = perSecond === 0;
      const send = { port: server.ready.port, requests, connections: 16, ...length };
      const { answered, failed } = idle ? await nothing(length.durationMs) : await load.ask({ send });
      const { cpuMicros } = await server.ask({ ask: 'usage' });
      if (failed > 0) throw new Error(`${failed} requests were not answered with success.`);
      const micros = cpuMicros - before.cpuMicros;
      return axis.per === 'second' ? micros / length.durationMs : micros / answered;
    };
    for (const server of servers) {
      if (perSecond !== 0) await burst(server, plan.warmup);
      if (held === 0) continue;
      const holder = await startLoad();
      holders.push(holder);
      await holder.ask({ hold: { port: server.ready.port, path: '/hold', count: held } });
    }
    const paced = perSecond === undefined || perSecond === 0 ? {} : { perSecond };
    const added = [];
    for (let turn = 0; turn < plan.turns; turn++) {
      if (turn > 0 && performance.now() - startedAtMs > plan.budgetMs) break;
      const results = [];
      for (const at of turn % 2 === 0 ? [0, 1] : [1, 0]) {
        results[at] = await burst(servers[at], { durationMs: plan.burstMs, ...paced });
      }
      added.push(results[1] - results[0]);
    }
    const { q1, median, q3 } = quartiles(added);
    return { x, y: median, low: q1, high: q3 };
  } finally {
    await Promise.all([load, ...holders, ...servers].map((child) => child.stop()));
  }
}

async function nothing(durationMs) {
  await new Promise((resolve) => setTimeout(resolve, durationMs));
  return { answered: 0, failed: 0 };
}

function section(axis, lines, y) {
  const table = markdownTable(
    [`${axis.xLabel}: ${y}`, ...lines[0].points.map(({ x }) => x.toLocaleString('en'))],
    lines.map(({ name, points }) => [
      name,
      ...points.map((point) => `${point.y.toFixed(1)} (${point.low.toFixed(1)} to ${point.high.toFixed(1)})`),
    ]),
  );
  const words = lines.map(({ name, points }) => `${axis.words(slope(points))} on ${name}.`).join(' ');
  return `### ${axis.title}\n\n${words}\n\n![${axis.title}](images/growth-${axis.name}.svg)\n\n${table}`;
}
