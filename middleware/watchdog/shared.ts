/**
 * The memory that the main thread and the watchdog share. The main thread writes its pulse here, so the watchdog sees
 * a stall while it lasts.
 *
 * Times are milliseconds of `process.hrtime`, the one clock that both threads read alike.
 */
export class SharedState {
  readonly buffer: SharedArrayBuffer;
  readonly #times: Float64Array;
  readonly #numbers: Int32Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(BYTES)) {
    this.buffer = buffer;
    this.#times = new Float64Array(buffer, 0, 3);
    this.#numbers = new Int32Array(buffer, 24, 7);
  }

  /** When the main thread's loop last turned; 0 before the first beat. */
  get heartbeatMs(): number {
    return this.#times[0] as number;
  }
  set heartbeatMs(value: number) {
    this.#times[0] = value;
  }

  /** Counts the beats: if it has not moved, the loop has not turned. */
  get beats(): number {
    return Atomics.load(this.#numbers, 0);
  }
  beat(nowMs: number): void {
    this.#times[0] = nowMs;
    Atomics.add(this.#numbers, 0, 1);
  }

  /** The view whose code the main thread knows to be running, by its id; 0 when it does not know. */
  get currentViewId(): number {
    return Atomics.load(this.#numbers, 1);
  }
  set currentViewId(id: number) {
    this.#numbers[1] = id;
  }
  /** The same as a cell to write to, for the guard's hot path. */
  get currentViewCell(): Int32Array {
    return this.#numbers.subarray(1, 2);
  }

  /** True while someone wants the hooks of the busy-time accounting armed (after a block that got no stack). */
  get armed(): boolean {
    return Atomics.load(this.#numbers, 2) === 1;
  }
  set armed(value: boolean) {
    Atomics.store(this.#numbers, 2, value ? 1 : 0);
  }

  /** True while the main thread's inspector is open: a person may be at a breakpoint, which is no stall. */
  get debuggerOpen(): boolean {
    return Atomics.load(this.#numbers, 3) === 1;
  }
  set debuggerOpen(value: boolean) {
    Atomics.store(this.#numbers, 3, value ? 1 : 0);
  }

  /** The watchdog asks for a stack: when, and what the process had computed by then (`processCpuMs`). */
  askForStack(nowMs: number, cpuMs: number): void {
    this.#times[1] = nowMs;
    this.#times[2] = cpuMs;
  }
  get askedAtMs(): number {
    return this.#times[1] as number;
  }
  get askedCpuMs(): number {
    return this.#times[2] as number;
  }

  /** How many messages the watchdog has taken, so the main thread can stop posting to one that does not keep up. */
  get messagesTaken(): number {
    return Atomics.load(this.#numbers, 4);
  }
  tookMessage(): void {
    Atomics.add(this.#numbers, 4, 1);
  }
  resetMessages(): void {
    Atomics.store(this.#numbers, 4, 0);
  }

  /**
   * The watchdog is going to open an inspector session to the main thread. False when it may not: the process is at its
   * end, and Node would wait there for the session to be closed, and say so on stderr.
   */
  openSession(): boolean {
    Atomics.store(this.#numbers, 5, 1);
    if (!this.exiting) return true;
    this.closeSession();
    return false;
  }
  closeSession(): void {
    Atomics.store(this.#numbers, 5, 0);
    Atomics.notify(this.#numbers, 5);
  }
  /** The process is at its end: the watchdog's session is to be closed, answered or not. */
  get exiting(): boolean {
    return Atomics.load(this.#numbers, 6) === 1;
  }
  /** On the main thread, at the end of the process: waits until no session is open, for at most `timeoutMs`. */
  endSessions(timeoutMs: number): void {
    Atomics.store(this.#numbers, 6, 1);
    Atomics.wait(this.#numbers, 5, 1, timeoutMs);
  }
}

/** How often the main thread beats, in milliseconds. */
export const HEARTBEAT_MS = 20;

const BYTES = 56;

/** The shared clock: `process.hrtime` in milliseconds. */
export function hrtimeMs(): number {
  const [seconds, nanos] = process.hrtime();
  return seconds * 1000 + nanos / 1e6;
}

/** What all threads of the process together have computed, in milliseconds. The same in each of them. */
export function processCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
