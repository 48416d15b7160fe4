// What the scheduler says of this process's threads: how long each ran, and how long it was ready to run and did not.
// Source: https://docs.kernel.org/scheduler/sched-stats.html (`/proc/<pid>/task/<tid>/schedstat`)
import fs from 'node:fs';

// Taken before Holdup wraps them: what measures the app is none of its work.
const { openSync, readSync, readdirSync } = fs;
const buffer = Buffer.alloc(128);
const NOTHING = { computedMs: 0, queuedMs: 0 };
let files = null;

/** Milliseconds since the start. Zero where the kernel does not say. */
export function threadTimes() {
  files ??= openAll();
  const [main = NOTHING, ...others] = files.map(read);
  return { ...main, othersQueuedMs: others.reduce((sum, { queuedMs }) => sum + queuedMs, 0) };
}

/** The main thread's first. The threads are all there once Holdup has started. */
function openAll() {
  try {
    const { pid } = process;
    const others = readdirSync('/proc/self/task').filter((task) => Number(task) !== pid);
    return [pid, ...others].map((task) => openSync(`/proc/self/task/${task}/schedstat`, 'r'));
  } catch {
    return [];
  }
}

function read(file) {
  try {
    const bytes = readSync(file, buffer, 0, buffer.length, 0);
    const [computed, queued] = buffer.toString('latin1', 0, bytes).split(' ').map(Number);
    return { computedMs: computed / 1e6, queuedMs: queued / 1e6 };
  } catch {
    return NOTHING;
  }
}
