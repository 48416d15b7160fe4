import { OTHER_ROUTE, type TimelinePoint } from '../../protocol/index.js';

/** Views with a colour of their own; the rest is folded. The eye does not tell more apart. */
export const SLOTS = 7;
/** The collector's own fold, and ours. */
export const REST = OTHER_ROUTE;

/** Which view has which colour. A view keeps its colour for as long as it stays among the busiest. */
export class SeriesSlots {
  readonly #names: (string | null)[] = new Array<string | null>(SLOTS).fill(null);

  /** The names by slot; null for a free one. */
  assign(points: readonly TimelinePoint[]): readonly (string | null)[] {
    const busiest = new Set(busiestViews(points));
    for (let i = 0; i < SLOTS; i++) {
      const name = this.#names[i];
      if (name != null && busiest.has(name)) busiest.delete(name);
      else this.#names[i] = null;
    }
    for (const name of busiest) {
      const free = this.#names.indexOf(null);
      if (free === -1) break;
      this.#names[free] = name;
    }
    return this.#names.slice();
  }
}

function busiestViews(points: readonly TimelinePoint[]): string[] {
  const totals = new Map<string, number>();
  for (const point of points) {
    for (const [name, active] of Object.entries(point.active)) {
      if (name !== REST && active > 0) totals.set(name, (totals.get(name) ?? 0) + active);
    }
  }
  return [...totals]
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, SLOTS)
    .map(([name]) => name);
}

export type Values = (number | null)[];

/** One column a point; null where nothing was told, so that a gap is drawn as a gap. */
export interface Columns {
  /** Epoch milliseconds. */
  readonly at: number[];
  /** The index in the points a column came from; -1 in a gap. */
  readonly point: number[];
  /** By slot, and the rest last. */
  readonly active: Values[];
  /** From the top of the stack down, as they are painted: everything, then without the topmost, … */
  readonly stacked: Values[];
  readonly delayP50Ms: Values;
  readonly delayP99Ms: Values;
  readonly delayMaxMs: Values;
  /** 0 to 100. */
  readonly utilization: Values;
  readonly gaps: readonly Span[];
}

/** Epoch milliseconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Two points may be told up to this many steps apart before we call it a gap. */
const GAP_STEPS = 2.5;
/** A point of the live feed covers a second. */
export const SECOND_MS = 1_000;
/** A delay axis is logarithmic, and zero has no logarithm. */
const LEAST_DELAY_MS = 0.1;

/** @param stepMs what one point covers */
export function toColumns(
  points: readonly TimelinePoint[],
  slots: readonly (string | null)[],
  stepMs: number,
): Columns {
  const width = slots.length + 1;
  const columns = {
    at: [] as number[],
    point: [] as number[],
    active: Array.from({ length: width }, (): Values => []),
    stacked: Array.from({ length: width }, (): Values => []),
    delayP50Ms: [] as Values,
    delayP99Ms: [] as Values,
    delayMaxMs: [] as Values,
    utilization: [] as Values,
    gaps: [] as Span[],
  };
  const lists = [
    ...columns.active,
    ...columns.stacked,
    columns.delayP50Ms,
    columns.delayP99Ms,
    columns.delayMaxMs,
    columns.utilization,
  ];
  const push = (at: number, point: number): void => {
    columns.at.push(at);
    columns.point.push(point);
  };
  // A point lasts until the next one: its step is closed before a gap and at the end.
  const close = (): void => {
    push((columns.at.at(-1) ?? 0) + stepMs - 1, columns.point.at(-1) ?? -1);
    for (const list of lists) list.push(list.at(-1) ?? null);
  };
  points.forEach((point, index) => {
    const last = points[index - 1];
    if (last !== undefined && point.at - last.at > stepMs * GAP_STEPS) {
      close();
      const from = last.at + stepMs;
      columns.gaps.push({ from, to: point.at });
      push(from, -1);
      for (const list of lists) list.push(null);
    }
    push(point.at, index);
    const shares = activeBySlot(point, slots);
    let sum = 0;
    shares.forEach((share, slot) => {
      columns.active[slot]?.push(share);
      sum += share;
      // Painted from the back: the whole stack first.
      columns.stacked[width - 1 - slot]?.push(sum);
    });
    columns.delayP50Ms.push(Math.max(LEAST_DELAY_MS, point.delayP50Ms));
    columns.delayP99Ms.push(Math.max(LEAST_DELAY_MS, point.delayP99Ms));
    columns.delayMaxMs.push(Math.max(LEAST_DELAY_MS, point.delayMaxMs));
    columns.utilization.push(point.utilization * 100);
  });
  if (points.length > 0) close();
  return columns;
}

function activeBySlot(point: TimelinePoint, slots: readonly (string | null)[]): number[] {
  const bySlot = new Array<number>(slots.length + 1).fill(0);
  for (const [name, active] of Object.entries(point.active)) {
    const slot = slots.indexOf(name);
    const at = slot === -1 ? slots.length : slot;
    bySlot[at] = (bySlot[at] ?? 0) + active;
  }
  return bySlot;
}
