import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { root } from '../../scripts/lib/run.mjs';
import { startCollector } from '../lib/collector.mjs';
import { machineLine, nodesOf, pinned, SERVER_CORE } from '../lib/machine.mjs';
import { markdownTable } from '../lib/markdown.mjs';
import { median, quartiles } from '../lib/statistics.mjs';

export const summary = 'what `--import holdup/register` adds to the start of a process';

const LISTEN = fileURLToPath(new URL('./app.mjs', import.meta.url));
const FULL = 30;
const QUICK = 4;
/** The watchdog thread starts when the app waits for work; by then it has, and has reported. */
const STAY_MS = 1500;
/** One process in so many stays. */
const STAYS_EVERY = 3;
/** Every process is ended after this long. */
const DEADLINE_MS = 20_000;

/** Measures and returns the report, as Markdown. */
export async function bench({ quick, processes, majors = [20, 22, 24] }) {
  const runs = processes ?? (quick ? QUICK : FULL);
  const collector = await startCollector();
  const sections = [];
  try {
    const register = ['--import', 'holdup/register'];
    const variants = [
      { name: 'bare', args: [], env: {} },
      { name: 'bare again (the noise)', args: [], env: {} },
      { name: 'register, production', args: register, env: { NODE_ENV: 'production' } },
      { name: 'register, to a collector', args: register, env: { HOLDUP_COLLECTOR: collector.url } },
      { name: 'register, nothing sent', args: register, env: { HOLDUP_COLLECTOR: 'false' } },
    ];
    for (const { version, program } of nodesOf(majors)) {
      console.error(`startup: Node ${version} …`);
      const samples = variants.map(() => ({ listening: [], whole: [], computed: [] }));
      for (let run = 0; run < runs + 1; run++) {
        for (let i = 0; i < variants.length; i++) {
          const at = (i + run) % variants.length;
          const { listeningMs, wholeMs } = await start(program, variants[at]);
          if (run === 0) continue; // Files come from the disk the first time.
          samples[at].listening.push(listeningMs);
          samples[at].whole.push(wholeMs);
          if (run % STAYS_EVERY !== 0) continue;
          const { computedMs } = await start(program, variants[at], { STAY_MS: String(STAY_MS) });
          samples[at].computed.push(computedMs);
        }
      }
      sections.push(`### Node ${version}\n\n${table(variants, samples)}`);
    }
  } finally {
    await collector.stop();
  }
  return (
    `## Start-up\n\n${sections.join('\n\n')}\n\n${machineLine()}. ${runs} processes each, in turns: an Express app that ` +
    'listens and ends at once. What is added is the difference to the bare process of the same turn: median (first to ' +
    `third quartile). All threads of a process share the one core. The watchdog thread starts when the app waits for work, ` +
    `so what it loads is only in the last columns: what an app that stays for ${STAY_MS / 1000} s has computed by then.`
  );
}

function table(variants, samples) {
  const added = (at, what) => {
    const bare = samples[0][what];
    const { q1, median: middle, q3 } = quartiles(samples[at][what].map((ms, run) => ms - bare[run]));
    return `${middle.toFixed(0)} (${q1.toFixed(0)} to ${q3.toFixed(0)})`;
  };
  return markdownTable(
    ['', 'to listening ms', 'added ms', 'whole process ms', 'added ms', 'CPU ms if it stays', 'added ms'],
    variants.map(({ name }, at) => [
      name,
      median(samples[at].listening).toFixed(0),
      added(at, 'listening'),
      median(samples[at].whole).toFixed(0),
      added(at, 'whole'),
      median(samples[at].computed).toFixed(0),
      added(at, 'computed'),
    ]),
  );
}

/** One process from its spawn to the line that says that it listens, and to its end; what it computed if it stayed. */
async function start(program, { args, env }, more = {}) {
  const [command, commandArgs] = pinned(SERVER_CORE, program, [...args, LISTEN]);
  const startedAtMs = performance.now();
  const child = spawn(command, commandArgs, {
    cwd: root, // `holdup/register` is found from here.
    env: { ...process.env, ...env, ...more },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const late = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  const ended = once(child, 'close');
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  await Promise.race([once(child.stdout, 'data'), ended]);
  const listeningMs = performance.now() - startedAtMs;
  const [code] = await ended;
  clearTimeout(late);
  if (code !== 0) throw new Error(`A process ended with ${code}: ${child.spawnargs.join(' ')}`);
  const computedMs = Number(/computed ([\d.]+)/.exec(said)?.[1]);
  return { listeningMs, wholeMs: performance.now() - startedAtMs, computedMs };
}
