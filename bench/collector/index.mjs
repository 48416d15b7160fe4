// `npm run bench -- collector [--quick] [--minutes N]`: one collector under the load of many simulated processes and
// many open pages, on this machine, its load generators included.
import { machineLine } from '../lib/machine.mjs';
import { ASKED, runLoad, VIEWS } from './load.mjs';
import { runPages } from './open-pages.mjs';

export const summary = 'one collector under 2,000 processes and 500 pages';

/** What a rate is held by: nothing refused or late, no wrong sum, and answers as fast as the bars ask. */
const INGEST_P99_MS = 50;
const ANSWER_P99_MS = 100;
const STEPS = [500, 1000, 2000, 2500, 3000, 4000];

export async function bench({ quick = false, minutes, pages: withPages = true } = {}) {
  const seconds = minutes === undefined ? (quick ? 10 : 60) : Math.round(minutes * 60);
  const only = process.env.HOLDUP_BENCH_INSTANCES;
  const steps = only === undefined ? (quick ? [500, 1000] : STEPS) : only.split(',').map(Number);
  const runs = [];
  for (const encoding of ['gzip', 'identity']) {
    for (const instances of steps) {
      const run = await runLoad({ instances, seconds, encoding });
      runs.push(run);
      console.error(`collector: ${cells(run).join(' · ')} · generator ${run.generatorMicros.toFixed(0)} µs a report`);
      if (!isHeld(run) && only === undefined) break;
    }
  }
  const pages = withPages ? await runPages(quick ? 100 : 500, Math.min(seconds, 30)) : '';
  const [{ bytes }] = runs;
  return [
    `Each process reports ${VIEWS} views once a second, in ${bytes.plain} bytes of protobuf, ${bytes.packed} as gzip; SQLite store; ${seconds} s each.`,
    `${machineLine('not pinned, load generators included')}`,
    '',
    `| processes | body | reports/s | ingest p50 · p99, ms | late · refused | wrong sums | p99 of ${ASKED.map((path) => `\`/${path}\``).join(' · ')}, ms | collector, cores | CPU a report, µs: main + other threads + store | RSS at the end, MB (a minute more) |`,
    '|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|',
    ...runs.map((run) => `| ${cells(run).join(' | ')} |`),
    '',
    ...['gzip', 'identity'].map((encoding) => verdict(runs.filter((run) => run.encoding === encoding))),
    pages,
  ].join('\n');
}

function isHeld({ late, refused, isExact, ingest, asked }) {
  const slowest = Math.max(...Object.values(asked));
  return late + refused === 0 && isExact && ingest.p99Ms < INGEST_P99_MS && slowest < ANSWER_P99_MS;
}

function cells({ instances, encoding, rate, ingest, late, refused, isExact, asked, cores, cpuMicros, rss }) {
  return [
    instances,
    encoding === 'gzip' ? 'gzip' : 'as it is',
    rate.toFixed(0),
    `${ingest.p50Ms.toFixed(1)} · ${ingest.p99Ms.toFixed(1)}`,
    `${late} · ${refused}`,
    isExact ? 'none' : '**yes**',
    ASKED.map((path) => asked[path].toFixed(0)).join(' · '),
    cores.toFixed(2),
    cpuMicros.map((micros) => micros.toFixed(0)).join(' + '),
    `${rss.endMb.toFixed(0)} (${rss.slopeMbAMinute.toFixed(1)})`,
  ];
}

/** The highest rate held, and what gives way beyond it. */
function verdict(runs) {
  const held = runs.filter(isHeld).at(-1);
  const broken = runs.find((run) => !isHeld(run));
  const body = runs[0].encoding === 'gzip' ? 'As gzip' : 'Uncompressed';
  const what = held === undefined ? 'none of these counts is held' : `${held.instances} processes are held`;
  if (broken === undefined) return `${body}, ${what}; more were not tried.`;
  const { instances, late, refused, isExact, ingest, asked } = broken;
  return `${body}, ${what}. At ${instances}, ${late} reports were more than two seconds late and ${refused} refused, ingest p99 was ${ingest.p99Ms.toFixed(0)} ms, the slowest other answer's ${Math.max(...Object.values(asked)).toFixed(0)} ms; the sums of what was taken were ${isExact ? 'exact' : 'wrong'}.`;
}
