import { closeSync, openSync, readSync } from 'node:fs';

/** Remembers this much; a block that lasts longer is judged by its end. */
const KEPT = 512;
/** Timers are a millisecond or two late on a machine that has time; less than this is no starvation. */
const LATE_FROM_MS = 10;

/** What the machine and the main thread did with a stretch of time. Milliseconds. */
export interface ProcessorTime {
  /** The machine kept it to itself. */
  readonly hostMs: number;
  /** The main thread computed; null where the kernel does not say. */
  readonly computedMs: number | null;
}

interface Point {
  readonly atMs: number;
  /** How long this thread was kept from running when it wanted to, in all. */
  readonly oversleptMs: number;
  /** How long the main thread has waited for a processor, in all; 0 where the kernel does not say. */
  readonly queuedMs: number;
  /** How long it has computed, in all; 0 where the kernel does not say. */
  readonly computedMs: number;
}

/**
 * Says how long the machine gave this process no time. Two witnesses: this thread, when it is woken later than it
 * asked for without having been busy itself; and, on Linux, the kernel's own account of how long the main thread was
 * ready to run and not running.
 *
 * Source: https://docs.kernel.org/scheduler/sched-stats.html (`/proc/<pid>/task/<tid>/schedstat`: ns on a
 * processor, ns waiting for one, …)
 */
export class Starvation {
  readonly #points: Point[] = [];
  readonly #main: Schedstat;
  readonly #own = new Schedstat('/proc/thread-self/schedstat');
  #oversleptMs = 0;
  #dueMs = Number.POSITIVE_INFINITY;
  #ownMs = 0;
  /** What of the present lateness is in `#oversleptMs` already. */
  #countedMs = 0;

  constructor(pid: number) {
    this.#main = new Schedstat(`/proc/${pid}/task/${pid}/schedstat`);
  }

  /** This thread is going to sleep for `wantedMs`. */
  sleeping(nowMs: number, wantedMs: number): void {
    this.#dueMs = nowMs + wantedMs;
    this.#ownMs = this.#ownBusyMs();
    this.#countedMs = 0;
  }

  /** Called at every wake-up, and before asking. */
  look(nowMs: number): void {
    // Being late because of our own work is no starvation.
    const lateMs = nowMs - this.#dueMs - (this.#ownBusyMs() - this.#ownMs);
    if (lateMs > LATE_FROM_MS && lateMs > this.#countedMs) {
      this.#oversleptMs += lateMs - this.#countedMs;
      this.#countedMs = lateMs;
    }
    const { computedMs, queuedMs } = this.#main.read();
    this.#points.push({ atMs: nowMs, oversleptMs: this.#oversleptMs, queuedMs, computedMs });
    if (this.#points.length > KEPT) this.#points.splice(0, KEPT / 2);
  }

  /** What became of the time from `fromMs` to `toMs`, as exactly as there were looks. */
  during(fromMs: number, toMs: number): ProcessorTime {
    const before = this.#points.findLast((point) => point.atMs <= fromMs) ?? this.#points[0];
    const after = this.#points.find((point) => point.atMs >= toMs) ?? this.#points.at(-1);
    if (before === undefined || after === undefined) return { hostMs: 0, computedMs: null };
    return {
      hostMs: Math.max(after.oversleptMs - before.oversleptMs, after.queuedMs - before.queuedMs),
      computedMs: this.#main.known ? after.computedMs - before.computedMs : null,
    };
  }

  stop(): void {
    this.#main.close();
    this.#own.close();
  }

  /** How long this thread has computed, in all: on a processor where the kernel says so, else not idle. */
  #ownBusyMs(): number {
    return this.#own.known ? this.#own.read().computedMs : performance.eventLoopUtilization().active;
  }
}

const NOTHING = { computedMs: 0, queuedMs: 0 } as const;

/** One thread's account with the scheduler. */
class Schedstat {
  readonly #buffer = Buffer.alloc(128);
  #file: number | null = null;

  constructor(path: string) {
    try {
      this.#file = openSync(path, 'r');
    } catch {
      // Not Linux, or a kernel without it.
    }
  }

  get known(): boolean {
    return this.#file !== null;
  }

  /** Milliseconds, in all; 0 when not known. */
  read(): { computedMs: number; queuedMs: number } {
    if (this.#file === null) return NOTHING;
    try {
      const bytes = readSync(this.#file, this.#buffer, 0, this.#buffer.length, 0);
      const [computed, queued] = this.#buffer.toString('latin1', 0, bytes).split(' ').map(Number);
      return { computedMs: (computed || 0) / 1e6, queuedMs: (queued || 0) / 1e6 };
    } catch {
      this.close();
      return NOTHING;
    }
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}
