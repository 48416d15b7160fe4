import { machineLine, majorOf, nodeVersions } from '../lib/machine.mjs';
import { markdownTable } from '../lib/markdown.mjs';
import { idle } from './idle.mjs';
import { mixedLoad } from './mixed-load.mjs';
import { busyTime, delayedTime } from './times.mjs';

export const summary =
  "who held the loop, for how long, and who paid: Holdup's account against the app's and the client's";

const FULL = { durations: [20, 50, 75, 120, 250, 500, 1000], long: [2000, 2000], seconds: 60, delaySeconds: 20 };
const QUICK = { durations: [60, 120, 250], long: [2000], seconds: 8, delaySeconds: 6 };
const MEASURED_MAJORS = [20, 24];

const percent = (share) => `${(share * 100).toFixed(1)} %`;
const off = (ratio) => `${ratio < 1 ? '' : '+'}${percent(ratio - 1)}`;

/** Measures and returns the report, as Markdown. */
export async function bench({ quick }) {
  const plan = quick ? QUICK : FULL;
  const columns = [];
  for (const { version, program } of nodeVersions().filter((each) => MEASURED_MAJORS.includes(majorOf(each.version)))) {
    console.error(`attribution: Node ${version} …`);
    columns.push({ version, rows: await measure(program, plan) });
  }
  const names = columns[0].rows.map(([name, bar]) => [name, bar]);
  const table = markdownTable(
    ['', 'bar', ...columns.map(({ version }) => `Node ${version}`)],
    names.map(([name, bar], at) => [name, bar, ...columns.map(({ rows }) => rows[at][2])]),
  );
  return `## Attribution\n\n${table}\n\n${machineLine()}. 200 requests at once of ten views; what the machine itself took is nobody's.`;
}

async function measure(node, plan) {
  const mixed = await mixedLoad({ node, durations: plan.durations, long: plan.long });
  const exact = await busyTime({ node, accounting: 'exact', seconds: Math.min(20, plan.seconds) });
  const windowed = await busyTime({ node, accounting: 'windowed', seconds: plan.seconds });
  const closed = await delayedTime({ node, arrivals: 'closed', seconds: plan.delaySeconds });
  const open = await delayedTime({ node, arrivals: 'open', seconds: plan.delaySeconds });
  const { bare, holdup } = await idle({ node });
  for (const miss of mixed.misses) console.error(`  ${miss}`);
  return [
    ['blocked time on the right view', '≥ 99 %', percent(mixed.viewShare)],
    ['on a wrong view', '0 %', percent(mixed.wrongShare)],
    ['right function and line, blocks ≥ 100 ms', '≥ 95 %', `${percent(mixed.placeShare)} of ${mixed.places}`],
    ['`exact` busy time', 'within 2 %', off(exact.ratio)],
    [`\`windowed\` busy time over ${plan.seconds} s`, 'within 10 %', off(windowed.ratio)],
    ['measured for it', 'about 10 % of the time', percent(windowed.samplingRatio)],
    ['delayed time, requests in flight', 'within 10 %', off(closed.delayedMs / closed.lostMs)],
    ['delayed time, requests at random moments', '', off(open.delayedMs / open.lostMs)],
    [
      'memory added, after a GC',
      '≤ 15 MB (20), ≤ 25 MB (24)',
      `${((holdup.rssBytes - bare.rssBytes) / 1e6).toFixed(1)} MB`,
    ],
    ['processor time added when idle', '', `${(holdup.cpuMsASecond - bare.cpuMsASecond).toFixed(1)} ms/s`],
  ];
}
