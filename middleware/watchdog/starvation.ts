import { closeSync, openSync, readSync } from 'node:fs';

/** Remembers this much; a block that lasts longer is judged by its end. */
const KEPT = 512;
/** Timers are a millisecond or two late on a machine that has time; less than this is no starvation. */
const LATE_FROM_MS = 10;

interface Point {
  readonly atMs: number;
  /** How long this thread was kept from running when it wanted to, in all. */
  readonly oversleptMs: number;
  /** How long the main thread has waited for a processor, in all; 0 where the kernel does not say. */
  readonly queuedMs: number;
}

/**
 * Says how long the machine gave this process no time. Two witnesses: this thread, when it is woken later than it
 * asked for without having been busy itself; and, on Linux, the kernel's own account of how long the main thread was
 * ready to run and not running.
 *
 * Source: https://docs.kernel.org/scheduler/sched-stats.html (`/proc/<pid>/task/<tid>/schedstat`, second field, ns)
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
    const queuedMs = this.#main.read(1);
    this.#points.push({ atMs: nowMs, oversleptMs: this.#oversleptMs, queuedMs });
    if (this.#points.length > KEPT) this.#points.splice(0, KEPT / 2);
  }

  /** How much of the time from `fromMs` to `toMs` the machine kept to itself. */
  duringMs(fromMs: number, toMs: number): number {
    const before = this.#points.findLast((point) => point.atMs <= fromMs) ?? this.#points[0];
    const after = this.#points.find((point) => point.atMs >= toMs) ?? this.#points.at(-1);
    if (before === undefined || after === undefined) return 0;
    return Math.max(after.oversleptMs - before.oversleptMs, after.queuedMs - before.queuedMs);
  }

  stop(): void {
    this.#main.close();
    this.#own.close();
  }

  /** How long this thread has computed, in all: on a processor where the kernel says so, else not idle. */
  #ownBusyMs(): number {
    return this.#own.known ? this.#own.read(0) : performance.eventLoopUtilization().active;
  }
}

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

  /** Field 0: time on a processor; field 1: time ready and waiting for one. Milliseconds; 0 when not known. */
  read(field: 0 | 1): number {
    if (this.#file === null) return 0;
    try {
      const bytes = readSync(this.#file, this.#buffer, 0, this.#buffer.length, 0);
      const nanos = Number(this.#buffer.toString('latin1', 0, bytes).split(' ')[field]);
      return Number.isFinite(nanos) ? nanos / 1e6 : 0;
    } catch {
      this.close();
      return 0;
    }
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}
