import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Child } from '../lib/child.mjs';
import { startCollector } from '../lib/collector.mjs';
import { startLoad } from '../lib/comparison.mjs';
import { machineLine, nodesOf, SERVER_CORE } from '../lib/machine.mjs';
import { markdownTable } from '../lib/markdown.mjs';
import { slope } from '../lib/statistics.mjs';

export const summary = 'minutes of load with a block every second: memory, threads, files, stacks, and a clean end';

const APP = fileURLToPath(new URL('./app.mjs', import.meta.url));
const BLOCKS = ['loop', 'expression', 'native', 'json'];
const LOOKS = 20;
/** The first looks see caches being filled and code being compiled. */
const WARMING = 5;
const EXIT_WITHIN_MS = 10_000;

/** Measures and returns the report, as Markdown. */
export async function bench({ quick, minutes = quick ? 0.5 : 10, majors = [20, 24] }) {
  const rows = [];
  for (const { version, program } of nodesOf(majors)) {
    console.error(`soak: Node ${version}, ${minutes} minutes …`);
    rows.push([`Node ${version}`, ...(await soak(program, minutes))]);
  }
  const header = [
    '',
    'requests',
    'blocks',
    'stacks taken',
    'RSS MB, first to last third',
    'heap MB',
    'heap growth, KB a minute',
    'threads',
    'files',
    'after SIGTERM',
  ];
  return (
    `## Soak\n\n${markdownTable(header, rows)}\n\n${machineLine()}. ${minutes} minutes of 200 requests a second and a block ` +
    `every second, looked at ${LOOKS} times after a full collection; growth is the slope after the first ${WARMING} looks. ` +
    'Each stack taken is one inspector session, opened and closed by the watchdog; Node 24 says at the end of a process ' +
    'when one was left open.'
  );
}

async function soak(program, minutes) {
  const collector = await startCollector();
  const load = await startLoad();
  const env = { NODE_ENV: 'production', HOLDUP_COLLECTOR: collector.url };
  const server = await Child.start(program, ['--expose-gc', APP], { core: SERVER_CORE, env });
  try {
    const { port } = server.ready;
    const durationMs = minutes * 60_000;
    const requests = [{ path: '/' }, { path: '/waits' }];
    const sent = load.ask({ send: { port, requests, connections: 16, durationMs, perSecond: 200 } }, durationMs * 2);
    const blocking = blockEverySecond(port, durationMs);
    const looks = [];
    for (let at = 1; at <= LOOKS; at++) {
      await sleep(durationMs / LOOKS);
      looks.push({ minute: (at * minutes) / LOOKS, ...(await server.ask({ ask: 'state' })) });
      console.error(`soak: ${JSON.stringify(looks.at(-1))}`);
    }
    const [{ answered, failed }, blocks] = await Promise.all([sent, blocking]);
    if (failed > 0) throw new Error(`${failed} of ${answered} requests were not answered with success.`);
    return row({ answered, blocks, looks, end: await server.terminate(EXIT_WITHIN_MS) });
  } finally {
    await Promise.all([load.stop(), server.stop()]);
    await collector.stop();
  }
}

async function blockEverySecond(port, durationMs) {
  const endsAtMs = performance.now() + durationMs;
  let blocks = 0;
  while (performance.now() < endsAtMs) {
    const answer = await fetch(`http://127.0.0.1:${port}/block/${BLOCKS[blocks++ % BLOCKS.length]}`);
    await answer.text();
    await sleep(1000);
  }
  return blocks;
}

function row({ answered, blocks, looks, end }) {
  const steady = looks.slice(WARMING);
  const last = looks.at(-1);
  const range = (field) => {
    const values = steady.map((look) => look[field] ?? Number.NaN);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return least === most ? String(least) : `${least} to ${most}`;
  };
  const third = Math.ceil(looks.length / 3);
  const mean = (some) => some.reduce((sum, { rssBytes }) => sum + rssBytes, 0) / some.length / 1e6;
  const growth = slope(steady.map(({ minute, heapUsedBytes }) => ({ x: minute, y: heapUsedBytes })));
  return [
    answered.toLocaleString('en'),
    blocks,
    last.stacks,
    `${mean(looks.slice(0, third)).toFixed(1)}, ${mean(looks.slice(-third)).toFixed(1)}`,
    (last.heapUsedBytes / 1e6).toFixed(1),
    (growth / 1000).toFixed(1),
    range('threads'),
    range('files'),
    `${end.signal ?? `code ${end.code}`} after ${end.durationMs.toFixed(0)} ms; stderr ${end.stderr === '' ? 'empty' : JSON.stringify(end.stderr)}`,
  ];
}
