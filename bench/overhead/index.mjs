import { workload } from '../apps/workloads.mjs';
import { stockTheBookshop } from '../lib/bookshop.mjs';
import { startCollector } from '../lib/collector.mjs';
import { compare } from '../lib/comparison.mjs';
import { COST_COLUMNS, costCells } from '../lib/cost-columns.mjs';
import { machineLine, nodesOf } from '../lib/machine.mjs';
import { markdownTable } from '../lib/markdown.mjs';

export const summary =
  'CPU time a request: bare Express 5 against the same app with Holdup; the short table of the README';

const FULL = { minutes: 8, turns: 400, burstMs: 60, warmup: { count: 24_000, durationMs: 5000 } };
const QUICK = { minutes: 1, turns: 4, burstMs: 150, warmup: { count: 6000, durationMs: 2000 } };
/** Each with how many rounds of fresh processes it gets: hello-world's differ more, and are warm sooner. */
const MEASURED = [
  { name: 'hello', title: 'hello-world, which does nothing', rounds: 4 },
  { name: 'bookshop', title: "the bookshop's healthy views", rounds: 2 },
];

/** Measures and returns the report, as Markdown: the whole, and the README's. */
export async function bench({ quick, minutes, majors = [20, 24] }) {
  const plan = quick ? QUICK : FULL;
  const nodes = nodesOf(majors);
  const budgetMs = ((minutes ?? plan.minutes) * 60_000) / nodes.length;
  await stockTheBookshop();
  const collector = await startCollector();
  const sections = [];
  const short = [];
  try {
    const variants = [
      { name: 'bare', env: { VARIANT: 'bare' } },
      { name: 'bare again (the noise)', env: { VARIANT: 'bare' } },
      { name: 'AsyncLocalStorage alone', env: { VARIANT: 'async-local-storage' } },
      { name: 'Holdup, default options', env: { VARIANT: 'holdup', HOLDUP_COLLECTOR: collector.url } },
    ];
    for (const { version, program } of nodes) {
      for (const { name, title, rounds } of MEASURED) {
        console.error(`overhead: Node ${version}, ${title} …`);
        const budgetOfOne = { ...plan, rounds, budgetMs: budgetMs / MEASURED.length };
        const results = await compare({
          ...budgetOfOne,
          node: program,
          workload: workload(name),
          connections: 16,
          variants,
        });
        sections.push(`### Node ${version}, ${title}\n\n${table(results)}`);
        const [, noise, storage, holdup] = results;
        short.push([
          `${title}, Node ${version}`,
          `${holdup.ratio.median.toFixed(3)} × (${holdup.ratio.q1.toFixed(3)} to ${holdup.ratio.q3.toFixed(3)})`,
          `${holdup.ratioOfFastest.toFixed(3)} ×`,
          `${storage.ratio.median.toFixed(3)} ×`,
          `${noise.ratio.median.toFixed(3)} ×`,
        ]);
      }
    }
  } finally {
    await collector.stop();
  }
  const method =
    `${machineLine()}. Several rounds of fresh processes that take turns in bursts of ${plan.burstMs} ms; the ` +
    'ratio is of each burst to the bare one of its turn: median (first to third quartile). “All bursts” is the CPU time ' +
    'of all bursts by all their requests, so it also has what Holdup does once a second. “Fastest tenth” sets the tenth ' +
    'percentile of the bursts against that of the bare ones: those that nothing else on a shared machine disturbed.';
  return {
    markdown: `## CPU time a request\n\n${sections.join('\n\n')}\n\n${method}`,
    readme: `${markdownTable(['CPU a request', 'Holdup', 'its fastest tenth', 'AsyncLocalStorage alone', 'bare against bare'], short)}\n\n${machineLine()}.`,
  };
}

function table(results) {
  const header = [...COST_COLUMNS, 'by round', 'p99 ms', 'RSS MB'];
  return markdownTable(
    header,
    results.map((each) => [
      ...costCells(each),
      each.ratioOfRounds.map((ratio) => (Number.isFinite(ratio) ? ratio.toFixed(2) : '–')).join(' '),
      each.p99Ms.toFixed(1),
      (each.rssBytes / 1e6).toFixed(0),
    ]),
  );
}
