import type { TimelineBlock } from '../../protocol/index.js';
import { clock, count, duration } from '../format.js';
import { legible, whole } from '../names.js';
import { type Columns, REST } from './stacked.js';

/** Each view's colour and how many requests it has in flight, at the crosshair or now. Busiest first. */
export function Legend({
  names,
  columns,
  index,
}: {
  readonly names: readonly (string | null)[];
  readonly columns: Columns;
  readonly index: number;
}) {
  const rows = [...names, REST]
    .map((name, slot) => ({ name, slot, active: columns.active[slot]?.[index] ?? null }))
    .filter((row) => row.name !== null && (row.name !== REST || columns.active[row.slot]?.some((value) => value)))
    .sort((a, b) => Number(a.name === REST) - Number(b.name === REST) || (b.active ?? 0) - (a.active ?? 0));
  return (
    <ul class="legend" aria-label="Views by active requests">
      {rows.map((row) => (
        <li key={row.slot}>
          <i class={`swatch series-${row.name === REST ? 'rest' : row.slot + 1}`} />
          <bdi class="mono clip" title={whole(row.name ?? '')}>
            {row.name === REST ? 'other views' : legible(row.name ?? '')}
          </bdi>
          <b>{row.active === null ? '–' : count(row.active)}</b>
        </li>
      ))}
    </ul>
  );
}

/** What the crosshair stands on, in one line. */
export function Readout({
  columns,
  cursor,
  block,
}: {
  readonly columns: Columns;
  readonly cursor: { readonly index: number; readonly at: number } | null;
  readonly block: TimelineBlock | null;
}) {
  if (cursor === null) return <p class="readout hint">Drag to zoom. Click a block to open its incident.</p>;
  if (block !== null) {
    return (
      <p class="readout held">
        <span>{clock(block.at)}</span> held <b>{duration(block.durationMs)}</b> by{' '}
        <bdi class="mono">{legible(block.view, 60)}</bdi> <bdi class="mono">{legible(block.operation, 60)}</bdi>
      </p>
    );
  }
  if (columns.point[cursor.index] === -1) return <p class="readout">{clock(cursor.at)} no data</p>;
  const total = columns.stacked[0]?.[cursor.index] ?? 0;
  return (
    <p class="readout">
      <span>{clock(columns.at[cursor.index] ?? cursor.at)}</span> <b>{count(total)}</b> active, delay p50{' '}
      <b>{duration(columns.delayP50Ms[cursor.index] ?? 0)}</b> p99{' '}
      <b>{duration(columns.delayP99Ms[cursor.index] ?? 0)}</b> max{' '}
      <b>{duration(columns.delayMaxMs[cursor.index] ?? 0)}</b>, utilization{' '}
      <b>{Math.round(columns.utilization[cursor.index] ?? 0)} %</b>
    </p>
  );
}
