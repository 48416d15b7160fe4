import { closeSync, openSync, readSync } from 'node:fs';

/** Remembers so many looks; a block that lasts longer is judged by its end. */
const KEPT = 512;
/** `0` in ASCII. */
const ZERO = 48;
/** Its own processor time is known within what it computes in so long: a few milliseconds at most. */
const OWN_KNOWN_MS = 500;
/** Timers are a millisecond or two late on a machine that has time; less than this is no starvation. */
const LATE_FROM_MS = 10;

/** What the machine and the main thread did with a stretch of time. Milliseconds. */
export interface ProcessorTime {
  /** The machine kept it to itself. */
  readonly hostMs: number;
  /** The main thread computed; null where the kernel does not say. */
  readonly computedMs: number | null;
}

/** What one look found, each in milliseconds: when it was, and three totals since the start. */
const FIELDS = 4;
const AT = 0;
/** How long this thread was kept from running when it wanted to. */
const OVERSLEPT = 1;
/** How long the main thread has waited for a processor; 0 where the kernel does not say. */
const QUEUED = 2;
/** How long the main thread has computed; 0 where the kernel does not say. */
const COMPUTED = 3;

/**
 * Says how long the machine gave this process no time. Two witnesses: this thread, when it is woken later than it
 * asked for without having been busy itself; and, on Linux, the kernel's own account of how long the main thread was
 * ready to run and not running. It looks some 25 times a second in every watched process, so it makes no garbage.
 *
 * Source: https://docs.kernel.org/scheduler/sched-stats.html (`/proc/<pid>/task/<tid>/schedstat`: ns on a
 * processor, ns waiting for one, …)
 */
export class Starvation {
  /** A ring: the look after the newest is the oldest. */
  readonly #looks = new Float64Array(KEPT * FIELDS);
  readonly #main: Schedstat;
  readonly #own = new Schedstat('/proc/thread-self/schedstat');
  #count = 0;
  #oversleptMs = 0;
  #dueMs = Number.POSITIVE_INFINITY;
  /** How much this thread had computed at some moment of the last `OWN_KNOWN_MS` before it went to sleep. */
  #ownMs = 0;
  #ownKnownUntilMs = 0;
  /** What of the present lateness is in `#oversleptMs` already. */
  #countedMs = 0;

  constructor(pid: number) {
    this.#main = new Schedstat(`/proc/${pid}/task/${pid}/schedstat`);
  }

  /** This thread is going to sleep for `wantedMs`. */
  sleeping(nowMs: number, wantedMs: number): void {
    this.#dueMs = nowMs + wantedMs;
    this.#countedMs = 0;
    if (nowMs < this.#ownKnownUntilMs) return;
    this.#ownKnownUntilMs = nowMs + OWN_KNOWN_MS;
    this.#ownMs = this.#ownBusyMs();
  }

  /** Called at every wake-up, and before asking. */
  look(nowMs: number): void {
    if (nowMs - this.#dueMs > LATE_FROM_MS) this.#late(nowMs);
    this.#main.read();
    const at = (this.#count++ % KEPT) * FIELDS;
    this.#looks[at + AT] = nowMs;
    this.#looks[at + OVERSLEPT] = this.#oversleptMs;
    this.#looks[at + QUEUED] = this.#main.queuedMs;
    this.#looks[at + COMPUTED] = this.#main.computedMs;
  }

  /** What became of the time from `fromMs` to `toMs`, as exactly as there were looks. */
  during(fromMs: number, toMs: number): ProcessorTime {
    if (this.#count === 0) return { hostMs: 0, computedMs: null };
    const newest = this.#count - 1;
    const oldest = Math.max(0, this.#count - KEPT);
    let from = newest;
    while (from > oldest && this.#at(from, AT) > fromMs) from--;
    let to = from;
    while (to < newest && this.#at(to, AT) < toMs) to++;
    const spent = (field: number): number => this.#at(to, field) - this.#at(from, field);
    return {
      hostMs: Math.max(spent(OVERSLEPT), spent(QUEUED)),
      computedMs: this.#main.known ? spent(COMPUTED) : null,
    };
  }

  stop(): void {
    this.#main.close();
    this.#own.close();
  }

  #at(look: number, field: number): number {
    return this.#looks[(look % KEPT) * FIELDS + field] as number;
  }

  /** Being late because of our own work is no starvation. */
  #late(nowMs: number): void {
    const lateMs = nowMs - this.#dueMs - (this.#ownBusyMs() - this.#ownMs);
    // Another look at the same lateness adds what has come since.
    if (lateMs > LATE_FROM_MS && lateMs > this.#countedMs) {
      this.#oversleptMs += lateMs - this.#countedMs;
      this.#countedMs = lateMs;
    }
  }

  /** How long this thread has computed, in all: on a processor where the kernel says so, else not idle. */
  #ownBusyMs(): number {
    if (!this.#own.known) return performance.eventLoopUtilization().active;
    this.#own.read();
    return this.#own.computedMs;
  }
}

/** One thread's account with the scheduler, in milliseconds since its start; 0 when not known. */
class Schedstat {
  computedMs = 0;
  queuedMs = 0;
  readonly #buffer = new Uint8Array(64);
  #file: number | null = null;
  #at = 0;

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

  read(): void {
    if (this.#file === null) return;
    try {
      const bytes = readSync(this.#file, this.#buffer, 0, this.#buffer.length, 0);
      this.#at = 0;
      this.computedMs = this.#number(bytes) / 1e6;
      this.queuedMs = this.#number(bytes) / 1e6;
    } catch {
      this.close();
    }
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  /** The next decimal number and the space behind it. */
  #number(bytes: number): number {
    let number = 0;
    while (this.#at < bytes) {
      const digit = (this.#buffer[this.#at++] as number) - ZERO;
      if (digit < 0 || digit > 9) break;
      number = number * 10 + digit;
    }
    return number;
  }
}
