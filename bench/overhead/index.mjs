import { fileURLToPath } from 'node:url';
import { startCollector } from '../lib/collector.mjs';
import { compare } from '../lib/comparison.mjs';
import { machineLine, majorOf, nodeVersions } from '../lib/machine.mjs';
import { markdownTable } from '../lib/markdown.mjs';

export const summary = 'CPU time a request: the bare Express 5 hello-world against the same app with Holdup';

const APP = fileURLToPath(new URL('./app.mjs', import.meta.url));
const FULL = { rounds: 5, turns: 12, requests: 4000, connections: 16, warmups: 4 };
const QUICK = { rounds: 2, turns: 4, requests: 2000, connections: 16, warmups: 2 };

/** The Node versions that design.md sets a bar for. */
const MEASURED_MAJORS = [20, 24];

/** Measures and returns the report, as Markdown. */
export async function bench({ quick }) {
  const plan = quick ? QUICK : FULL;
  const nodes = nodeVersions().filter(({ version }) => MEASURED_MAJORS.includes(majorOf(version)));
  const collector = await startCollector();
  const tables = [];
  try {
    const variants = [
      { name: 'bare', env: { VARIANT: 'bare' } },
      { name: 'bare again (the noise)', env: { VARIANT: 'bare' } },
      { name: 'AsyncLocalStorage alone', env: { VARIANT: 'async-local-storage' } },
      { name: 'Holdup, default options', env: { VARIANT: 'holdup', HOLDUP_COLLECTOR: collector.url } },
    ];
    for (const { version, program } of nodes) {
      console.error(`overhead: Node ${version} …`);
      tables.push(`### Node ${version}\n\n${table(await compare({ ...plan, node: program, app: APP, variants }))}`);
    }
  } finally {
    await collector.stop();
  }
  const method =
    `${machineLine()}. ${plan.rounds} rounds of fresh processes, ${plan.turns} bursts of ${plan.requests} requests for ` +
    'each in turn; the ratio is of each burst to the bare one of its turn: median (first to third quartile).';
  return `## CPU time a request\n\n${tables.join('\n\n')}\n\n${method}`;
}

function table(results) {
  const header = ['Express 5 hello-world', 'CPU µs a request', 'against bare', 'by round', 'p99 ms', 'RSS MB'];
  return markdownTable(
    header,
    results.map(({ name, microsPerRequest, ratio, ratioOfRounds, p99Ms, rssBytes }) => [
      name,
      microsPerRequest.toFixed(1),
      `${ratio.median.toFixed(3)} (${ratio.q1.toFixed(3)} to ${ratio.q3.toFixed(3)})`,
      ratioOfRounds.map((each) => each.toFixed(2)).join(' '),
      p99Ms.toFixed(1),
      (rssBytes / 1e6).toFixed(0),
    ]),
  );
}
