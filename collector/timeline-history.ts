import * as v from 'valibot';
import type { TimelineHistory } from '../protocol/index.js';
import type { Fleet } from './fleet.js';
import type { Persistence } from './persistence.js';
import { HttpProblem } from './problem.js';
import {
  KEEP_SECONDS_MS,
  KEEP_TEN_SECONDS_MS,
  MINUTE_MS,
  SECOND_MS,
  TEN_SECONDS_MS,
  toSlots,
  toTimelinePoint,
} from './store/history.js';

const HOUR_MS = 60 * MINUTE_MS;
/** More points than a screen is wide help nobody. */
const MAX_POINTS = 3600;
const WANTED_POINTS = 720;
/** In seconds. */
const STEPS = [1, 10, 60, 300, 900, 3600, 21_600, 86_400];
const TIME = 'epoch milliseconds';
const STEP = `one of ${STEPS.join(', ')} (seconds)`;

const Time = v.optional(v.pipe(v.string(TIME), v.regex(/^\d{1,14}$/, TIME), v.transform(Number)));
export const TimelineQuery = v.strictObject({
  from: Time,
  to: Time,
  step: v.optional(v.pipe(v.string(STEP), v.regex(/^\d{1,5}$/, STEP), v.transform(Number), v.picklist(STEPS, STEP))),
});

export interface TimelineRange {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

/** The span that was asked for, by default the last hour, in steps for which points are kept. */
export function toRange({ from, to, step }: v.InferOutput<typeof TimelineQuery>, now: number): TimelineRange {
  const toMs = Math.min(to ?? now, now);
  const fromMs = from ?? toMs - HOUR_MS;
  if (fromMs >= toMs) throw new HttpProblem(400, 'Parameter from: accepted is a time before `to` and before now.');
  const spanMs = toMs - fromMs;
  const finestMs =
    now - fromMs > KEEP_TEN_SECONDS_MS ? MINUTE_MS : now - fromMs > KEEP_SECONDS_MS ? TEN_SECONDS_MS : SECOND_MS;
  const fits = STEPS.find((each) => each * 1000 >= finestMs && spanMs / (each * 1000) <= WANTED_POINTS);
  const stepMs = Math.max(finestMs, (step ?? fits ?? 86_400) * 1000);
  if (spanMs / stepMs > MAX_POINTS) {
    throw new HttpProblem(400, `Parameter step: that would be more than ${MAX_POINTS} points; ask for longer steps.`);
  }
  return { fromMs: Math.floor(fromMs / stepMs) * stepMs, toMs, stepMs };
}

/** From the store, and where it keeps nothing, what is in memory of the last 15 minutes. */
export async function readTimeline(
  fleet: Fleet,
  kept: Persistence,
  { fromMs, toMs, stepMs }: TimelineRange,
): Promise<TimelineHistory> {
  const inMemory = fleet.timeline.seconds();
  const needsStore = kept.kind !== 'memory' && (kept.kind === 'postgres' || fromMs < (inMemory[0]?.at ?? toMs));
  const points = needsStore
    ? await kept.timeline(fromMs, toMs, stepMs)
    : toSlots(
        inMemory.filter(({ at }) => at >= fromMs && at < toMs).map((point) => ({ collector: '', point })),
        stepMs,
      );
  return { from: fromMs, to: toMs, stepMs, points: points.map(toTimelinePoint) };
}
