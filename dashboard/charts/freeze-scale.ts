import type { IncidentSample } from '../../protocol/index.js';

/** The time axis of a freeze frame, in milliseconds from the start of the hold. */
export interface FreezeScale {
  readonly fromMs: number;
  readonly toMs: number;
  readonly ticks: readonly number[];
}

/** A request that began long before is cut here: this many times the hold's own length before it. */
const MOST_BEFORE = 0.6;
const TICKS = 4;

export function freezeScale(sample: Pick<IncidentSample, 'durationMs' | 'delayed'>): FreezeScale {
  const hold = Math.max(1, sample.durationMs);
  const earliest = Math.min(0, ...sample.delayed.map((request) => request.startOffsetMs));
  const fromMs = Math.max(earliest, -hold * MOST_BEFORE) - hold * 0.02;
  const toMs = hold * 1.02;
  const step = roundStep((toMs - fromMs) / TICKS);
  const ticks: number[] = [];
  // A label is centred on its tick: the first and last ones must not stick out.
  const margin = step * 0.3;
  for (let tick = Math.ceil((fromMs + margin) / step) * step; tick <= toMs - margin; tick += step) ticks.push(tick + 0);
  return { fromMs, toMs, ticks };
}

/** The next of 1, 2, 5 times a power of ten. */
export function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5].find((each) => each * power >= rough) ?? 10);
}

/** Where on the axis a moment lies, 0 to 100. */
export function place(ms: number, { fromMs, toMs }: FreezeScale): number {
  return Math.min(100, Math.max(0, ((ms - fromMs) / (toMs - fromMs)) * 100));
}
