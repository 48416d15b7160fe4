import { closeSync, openSync, readSync } from 'node:fs';

/** Remembers this much; a block that lasts longer is judged by its end. */
const KEPT = 512;
/** Timers are a millisecond or two late on a machine that has time; less than this is no starvation. */
const LATE_FROM_MS = 10;

interface Point {
  readonly atMs: number;
  /** How long this thread has slept beyond the time it wanted to, in all. */
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
  readonly #buffer = Buffer.alloc(128);
  #schedstat: number | null;
  #oversleptMs = 0;
  #idleAtMs = 0;
  #wantedMs = 0;
  /** What of the present sleep is in `#oversleptMs` already. */
  #countedMs = 0;

  constructor(pid: number) {
    try {
      this.#schedstat = openSync(`/proc/${pid}/task/${pid}/schedstat`, 'r');
    } catch {
      this.#schedstat = null;
    }
  }

  /** This thread is going to sleep for `wantedMs`. */
  sleeping(wantedMs: number): void {
    this.#wantedMs = wantedMs;
    this.#idleAtMs = performance.eventLoopUtilization().idle;
    this.#countedMs = 0;
  }

  /** Called at every wake-up, and before asking. */
  look(nowMs: number): void {
    // Only the time spent asleep counts: being late because of our own work is no starvation.
    const lateMs = performance.eventLoopUtilization().idle - this.#idleAtMs - this.#wantedMs;
    if (lateMs > LATE_FROM_MS && lateMs > this.#countedMs) {
      this.#oversleptMs += lateMs - this.#countedMs;
      this.#countedMs = lateMs;
    }
    this.#points.push({ atMs: nowMs, oversleptMs: this.#oversleptMs, queuedMs: this.#readQueuedMs() });
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
    if (this.#schedstat !== null) closeSync(this.#schedstat);
    this.#schedstat = null;
  }

  #readQueuedMs(): number {
    if (this.#schedstat === null) return 0;
    try {
      const bytes = readSync(this.#schedstat, this.#buffer, 0, this.#buffer.length, 0);
      const nanos = Number(this.#buffer.toString('latin1', 0, bytes).split(' ')[1]);
      return Number.isFinite(nanos) ? nanos / 1e6 : 0;
    } catch {
      this.stop();
      return 0;
    }
  }
}
