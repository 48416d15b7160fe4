import { availableParallelism } from 'node:os';
import type { Piscina } from 'piscina';
import { SYNC_WORKER_FILE } from '../own-files.js';
import { currentRun } from '../view-run.js';
import type { Outcome, Task } from './messages.js';
import { unwatched } from './thread-surroundings.js';

/** Calls that may wait for a thread. */
export const QUEUE_LIMIT = 1_000;
/** Keys that may each have a thread of their own. */
const KEY_LIMIT = 32;
/** How long a thread with nothing to do is kept. */
const IDLE_MS = 10_000;

const WORKER = SYNC_WORKER_FILE.href;

let shared: Promise<Piscina<Task, Outcome>> | null = null;
const byKey = new Map<unknown, Promise<Piscina<Task, Outcome>>>();

/** The pool for a call: the shared one, or for a thread-sensitive key the one thread that is the key's. */
export function poolFor(key: unknown): Promise<Piscina<Task, Outcome>> {
  if (key === undefined || key === false) {
    // One thread is left for the event loop; two at least, so that one long call does not hold up the others.
    shared ??= open({ minThreads: 0, maxThreads: Math.max(2, availableParallelism() - 1), idleTimeout: IDLE_MS });
    return shared;
  }
  let pool = byKey.get(key);
  if (pool === undefined) {
    if (byKey.size >= KEY_LIMIT) {
      throw new RangeError(
        `syncToAsync keeps at most ${KEY_LIMIT} thread-sensitive keys, each is a thread: use fewer keys`,
      );
    }
    // The thread stays for good: what is thread-sensitive keeps its state there.
    pool = open({ minThreads: 1, maxThreads: 1, idleTimeout: Number.POSITIVE_INFINITY });
    byKey.set(key, pool);
  }
  return pool;
}

function open(size: { minThreads: number; maxThreads: number; idleTimeout: number }): Promise<Piscina<Task, Outcome>> {
  // Loading the pool is our work, and no view's.
  return currentRun.exit(async () => {
    const { Piscina } = await import('piscina');
    const pool = new Piscina<Task, Outcome>({
      filename: WORKER,
      recordTiming: false,
      ...unwatched(process.env, process.execArgv),
      ...size,
    });
    // Each call hears of its own failure. What remains, an answer to a call that was just cancelled, is no news, and
    // without a listener it would end the process.
    pool.on('error', () => {});
    return pool;
  });
}
