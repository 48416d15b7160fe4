import { fileURLToPath } from 'node:url';
import { WORKLOADS, workload } from '../apps/workloads.mjs';
import { stockTheBookshop } from '../lib/bookshop.mjs';
import { Child } from '../lib/child.mjs';
import { startCollector } from '../lib/collector.mjs';
import { compare } from '../lib/comparison.mjs';
import { COST_COLUMNS, costCells } from '../lib/cost-columns.mjs';
import { LOAD_CORE, machineLine, nodesOf } from '../lib/machine.mjs';
import { markdownTable } from '../lib/markdown.mjs';
import { ratioText } from '../lib/ratio.mjs';
import { ensurePeers, peerVersions } from './packages.mjs';
import { variantsOf } from './variants.mjs';

export const summary = 'Holdup beside the tools it stands next to: CPU, throughput, latency, memory, start-up';

const SINK = fileURLToPath(new URL('./sink.mjs', import.meta.url));
const FULL = { minutes: 20, rounds: 1, turns: 400, burstMs: 100, warmup: { count: 15_000, durationMs: 2500 } };
const QUICK = { minutes: 1.5, rounds: 1, turns: 2, burstMs: 60, warmup: { count: 300, durationMs: 150 } };
/** The share of the time that each workload gets. */
const SHARES = { hello: 0.4, awaits: 0.15, file: 0.15, bookshop: 0.15, routes: 0.15 };

/** Measures and returns the report, as Markdown. `--quick` measures hello-world on the Node that runs this. */
export async function bench({ quick, minutes, majors, workloads }) {
  const plan = quick ? QUICK : FULL;
  const nodes = nodesOf(majors ?? (quick ? [Number(process.versions.node.split('.')[0])] : [20, 22, 24]));
  const names = workloads ?? Object.keys(SHARES).slice(0, quick && minutes === undefined ? 2 : undefined);
  const unknown = names.filter((name) => !Object.hasOwn(SHARES, name));
  if (unknown.length > 0) throw new Error(`There is no workload ${unknown}; there are ${Object.keys(SHARES)}.`);
  await ensurePeers();
  await stockTheBookshop();
  const collector = await startCollector();
  const sink = await Child.start(process.execPath, [SINK], { core: LOAD_CORE });
  const sections = [];
  /** By version, what a request of hello-world costs under each variant. */
  const short = new Map();
  let taken;
  try {
    const variants = await variantsOf(collector.url, sink.ready.url);
    const budgetMs = ((minutes ?? plan.minutes) * 60_000) / nodes.length;
    const shares = names.reduce((sum, name) => sum + SHARES[name], 0);
    for (const { version, program } of nodes) {
      const results = {};
      for (const name of names) {
        console.error(`peers: Node ${version}, ${WORKLOADS[name].title} …`);
        results[name] = await compare({
          ...plan,
          // The workload with the most time also has the most processes.
          rounds: name === 'hello' ? plan.rounds + 1 : plan.rounds,
          budgetMs: (budgetMs * SHARES[name]) / shares,
          node: program,
          workload: workload(name),
          connections: 16,
          variants,
        });
      }
      sections.push(section(version, results));
      if (results.hello !== undefined) short.set(version, results.hello);
    }
    taken = await sink.ask({ ask: 'taken' });
  } finally {
    await Promise.all([collector.stop(), sink.stop()]);
  }
  return {
    markdown: `## Beside its peers\n\n${sections.join('\n\n')}\n\n${method(plan, taken)}`,
    readme: short.size === 0 ? undefined : shortTable(short),
  };
}

/** The README's: the bursts of hello-world that nothing else disturbed. */
function shortTable(byVersion) {
  const [first] = byVersion.values();
  const cell = ({ failure, ratioOfFastest }) => (failure === null ? `${ratioOfFastest.toFixed(2)} ×` : 'did not run');
  return markdownTable(
    ['CPU a request, fastest tenth', ...[...byVersion.keys()].map((version) => `Node ${version}`)],
    first.map(({ name }, at) => [name, ...[...byVersion.values()].map((results) => cell(results[at]))]),
  );
}

function section(version, results) {
  const names = Object.keys(results);
  const ratios = markdownTable(
    ['CPU a request against bare', ...names.map((name) => WORKLOADS[name].title)],
    results[names[0]].map(({ name }, at) => [
      name,
      ...names.map((each) => (results[each][at].failure === null ? ratioText(results[each][at].ratio) : 'did not run')),
    ]),
  );
  const details = names.map(
    (name) =>
      `<details><summary>${WORKLOADS[name].title}, in full</summary>\n\n${figures(results[name])}\n\n</details>`,
  );
  return `### Node ${version}\n\n${ratios}\n\n${details.join('\n\n')}`;
}

function figures(results) {
  const header = [
    ...COST_COLUMNS,
    'by process',
    'requests/s',
    'p50 ms',
    'p99 ms',
    'p99.9 ms',
    'RSS MB',
    'start-up ms',
    'bursts',
  ];
  const row = (each) =>
    each.failure !== null
      ? [each.name, 'did not run', ...Array(header.length - 2).fill('')]
      : [
          ...costCells(each),
          each.ratioOfRounds.map((ratio) => ratio.toFixed(2)).join(' '),
          each.requestsPerSecond.toFixed(0),
          each.p50Ms.toFixed(2),
          each.p99Ms.toFixed(2),
          each.p999Ms.toFixed(2),
          (each.rssBytes / 1e6).toFixed(0),
          each.startUpMs.toFixed(0),
          each.bursts,
        ];
  return markdownTable(header, results.map(row));
}

function method({ burstMs, rounds }, taken) {
  return (
    `${machineLine()}. One process a variant, all on one core, the load on another; they take turns in bursts of ` +
    `${burstMs} ms over 16 connections, for hello-world in ${rounds + 1} fresh processes each and for the others in ` +
    `${rounds}: processes differ by some percent. The ratio is of each burst to the bare one of its ` +
    'turn: median (first to third quartile). “All bursts” is the CPU time of all bursts by all their requests; “fastest tenth” sets the ' +
    'tenth percentile of the bursts against the bare one’s. Latency is ' +
    'that of a server kept busy. Start-up is from the spawn to listening. CPU and RSS are of the whole process, threads ' +
    'included. Every variant has `NODE_ENV=production` and its own default options; OpenTelemetry samples all traces and ' +
    `exports in batches to a local sink (which took ${taken.opentelemetry} posts), Sentry has \`tracesSampleRate: 1\` as in ` +
    `its quick start (${taken.sentry} posts). “Collector elsewhere” ` +
    'is a process of its own, “embedded” a thread of the measured one, whose CPU then counts. Ratios cannot be told ' +
    `apart when they are nearer to each other than the two bare ones.\n\n${peerVersions()}.`
  );
}
