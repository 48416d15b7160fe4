import { constants, PerformanceObserver } from 'node:perf_hooks';
import { type GcReport, Histogram } from '../../protocol/index.js';

/** OpenTelemetry's `v8js.gc.type` for each of Node's kinds. */
const GC_TYPES = new Map<number, string>([
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
]);

/** Pauses remembered to tell what a block was made of; far more than fit into one that is still of interest. */
const REMEMBERED = 64;

/** How long garbage collection held the loop. A busy process collects some 50 times a second, so this makes no garbage. */
export class GarbageCollection {
  readonly #durations = new Map<string, Histogram>();
  /** Two rings, in `performance.now()` milliseconds. */
  readonly #startedAtMs = new Float64Array(REMEMBERED);
  readonly #endedAtMs = new Float64Array(REMEMBERED);
  #count = 0;
  readonly #observer: PerformanceObserver;

  constructor() {
    this.#observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { kind } = (entry as unknown as { detail: { kind: number } }).detail;
        this.#record(GC_TYPES.get(kind) ?? 'major', entry.startTime, entry.duration);
      }
    });
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  /** How much of the time between the two instants was garbage collection. Entries arrive a turn of the loop late. */
  overlapMs(fromMs: number, toMs: number): number {
    let sum = 0;
    this.#startedAtMs.forEach((startedAtMs, at) => {
      sum += Math.max(0, Math.min(toMs, this.#endedAtMs[at] as number) - Math.max(fromMs, startedAtMs));
    });
    return sum;
  }

  drain(): GcReport[] {
    return [...this.#durations]
      .filter(([, histogram]) => histogram.count > 0)
      .map(([type, histogram]) => ({ type, duration: histogram.take() }));
  }

  stop(): void {
    this.#observer.disconnect();
  }

  #record(type: string, startedAtMs: number, durationMs: number): void {
    let histogram = this.#durations.get(type);
    if (histogram === undefined) this.#durations.set(type, (histogram = new Histogram()));
    histogram.record(durationMs / 1000);
    const at = this.#count++ % REMEMBERED;
    this.#startedAtMs[at] = startedAtMs;
    this.#endedAtMs[at] = startedAtMs + durationMs;
  }
}
