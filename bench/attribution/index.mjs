import { machineLine, majorOf, nodeVersions } from '../lib/machine.mjs';
import { markdownTable } from '../lib/markdown.mjs';
import { idle } from './idle.mjs';
import { mixedLoad } from './mixed-load.mjs';
import { busyTime, delayedTime, loadNames } from './times.mjs';

export const summary =
  "who held the loop, for how long, and who paid: Holdup's account against the app's and the client's";

const FULL = { durations: [20, 50, 75, 120, 250, 500, 1000], long: [2000, 2000], seconds: 60, delaySeconds: 20 };
const QUICK = { durations: [60, 120, 250], long: [2000], seconds: 8, delaySeconds: 9 };
const MEASURED_MAJORS = [20, 24];
const ARRIVALS = [
  ['closed', 'requests in flight'],
  ['open', 'requests at random moments'],
  ['new', 'each on a new connection'],
];

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
  return `## Attribution\n\n${table}\n\n${machineLine()}. 200 requests at once of ten views; what the machine itself took is nobody's. Busy time is shown against the least and the most that is true: what the handlers computed by the app's own clock, and how long the loop was active. Delayed time against what requests took longer than without blocks, and for how long they found the loop held.`;
}

async function measure(node, plan) {
  const { all, calm, misses } = await mixedLoad({ node, durations: plan.durations, long: plan.long });
  for (const miss of misses) console.error(`  ${miss}`);
  const busy = [];
  const loads = loadNames();
  for (const load of loads)
    busy.push(await busyRow(node, 'exact', load, Math.min(10, plan.seconds), 'the two, or within 2 %'));
  for (const load of loads) busy.push(await busyRow(node, 'windowed', load, plan.seconds, 'the two, or within 10 %'));
  const delayed = [];
  for (const [arrivals, title] of ARRIVALS) {
    const { delayedMs, lostMs, heldMs } = await delayedTime({ node, arrivals, seconds: plan.delaySeconds });
    delayed.push([`delayed time, ${title}`, 'within 10 %', `${off(delayedMs / lostMs)} / ${off(delayedMs / heldMs)}`]);
  }
  const { bare, holdup } = await idle({ node });
  return [
    ['blocked time on the right view', '≥ 99 %', `${percent(all.rightShare)} of ${all.blocks}`],
    ['where the machine gave it time', '≥ 99 %', `${percent(calm.rightShare)} of ${calm.blocks}`],
    ['on a wrong view', '0 %', percent(all.wrongShare)],
    ['right function and line, blocks ≥ 100 ms', '≥ 95 %', `${percent(all.placeShare)} of ${all.places}`],
    ['where the machine gave it time', '≥ 95 %', `${percent(calm.placeShare)} of ${calm.places}`],
    ...busy,
    ...delayed,
    [
      'memory added, after a GC',
      '≤ 15 MB (20), ≤ 25 MB (24)',
      `${((holdup.rssBytes - bare.rssBytes) / 1e6).toFixed(1)} MB`,
    ],
    ['processor time added when idle', '', `${(holdup.cpuMsASecond - bare.cpuMsASecond).toFixed(1)} ms/s`],
  ];
}

/** Holdup's figure beside the least and the most that is true. */
async function busyRow(node, accounting, load, seconds, bar) {
  const { ofOwn, ofActive, samplingRatio } = await busyTime({ node, accounting, seconds, load });
  const ratio = accounting === 'exact' ? '' : `, measured ${percent(samplingRatio)}`;
  return [`\`${accounting}\` busy time, ${load}, ${seconds} s`, bar, `${off(ofOwn)} / ${off(ofActive)}${ratio}`];
}
