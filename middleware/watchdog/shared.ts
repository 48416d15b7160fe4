/**
 * The memory that the main thread and the watchdog share. The main thread writes its pulse here, so the watchdog sees
 * a stall while it lasts; the watchdog writes back whose code it found running, so the main thread can say who waited.
 *
 * Times are milliseconds of `process.hrtime`, the one clock that both threads read alike.
 */
export class SharedState {
  readonly buffer: SharedArrayBuffer;
  readonly #times: Float64Array;
  readonly #numbers: Int32Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(BYTES)) {
    this.buffer = buffer;
    this.#times = new Float64Array(buffer, 0, 2);
    this.#numbers = new Int32Array(buffer, 16, 4);
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

  /** The run that the watchdog found inside a pause of this stall: see `CULPRIT`. */
  get culpritRunId(): number {
    return Atomics.load(this.#numbers, 2);
  }
  set culpritRunId(id: number) {
    Atomics.store(this.#numbers, 2, id);
  }

  /** 1 while someone wants the hooks of the busy-time accounting armed (after a block that got no stack). */
  get armed(): boolean {
    return Atomics.load(this.#numbers, 3) === 1;
  }
  set armed(value: boolean) {
    Atomics.store(this.#numbers, 3, value ? 1 : 0);
  }
}

/** What `culpritRunId` holds when it holds no run's id (run ids start at 1). */
export const CULPRIT = { unknown: 0, background: -1 } as const;

const BYTES = 32;

/** The shared clock: `process.hrtime` in milliseconds. */
export function hrtimeMs(): number {
  const [seconds, nanos] = process.hrtime();
  return seconds * 1000 + nanos / 1e6;
}
