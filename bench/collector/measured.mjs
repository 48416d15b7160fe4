// `holdup collector` with a store of its own, and what it costs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../dist/collector/cli.js', import.meta.url));
/** Linux counts CPU time in hundredths of a second. */
const TICKS_A_SECOND = 100;

export async function startMeasured() {
  const folder = mkdtempSync(join(tmpdir(), 'holdup-bench-'));
  const nodeArgs = process.env.HOLDUP_BENCH_NODE_ARGS?.split(' ') ?? [];
  const args = [...nodeArgs, CLI, 'collector', '--port', '0', '--store', join(folder, 'collector.db')];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, HOLDUP_LOG_LEVEL: 'warn' },
  });
  const url = await new Promise((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const found = /^Holdup dashboard: (\S+)$/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`The collector ended with ${code}.`)));
  });
  const { pid } = child;
  return {
    url,
    /** So far: of the main thread, of the others (unpacking, garbage collection), of the store's process. */
    cpuSeconds() {
      const main = secondsIn(`/proc/${pid}/task/${pid}/stat`);
      const others = secondsIn(`/proc/${pid}/stat`) - main;
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
      return [main, others, children.reduce((sum, each) => sum + secondsIn(`/proc/${each}/stat`), 0)];
    },
    rssMb() {
      return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
    },
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function secondsIn(file) {
  const fields = readFileSync(file, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}
