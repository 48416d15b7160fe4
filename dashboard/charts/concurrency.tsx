import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import type { TimelinePoint } from '../../protocol/index.js';
import { go, hrefTo, queryOf, setQuery } from '../router.js';
import { openedFile, pausedAt, picture, timeline } from '../store.js';
import { colours } from '../theme.js';
import { blockAt, blocksBetween } from './blocks.js';
import { readColours } from './colours.js';
import { ConcurrencyTable } from './concurrency-table.js';
import { Legend, Readout } from './legend.js';
import { createPlot, type PlotKind, type Scene } from './plots.js';
import { SeriesSlots, type Span, toColumns } from './stacked.js';

const RANGES = [
  { name: '1m', label: '1 min', ms: 60_000 },
  { name: '5m', label: '5 min', ms: 300_000 },
  { name: '15m', label: '15 min', ms: 900_000 },
] as const;
const DEFAULT_RANGE = RANGES[1];
const KINDS: readonly PlotKind[] = ['active', 'held', 'delay', 'utilization'];
/** A block is a few pixels wide; the pointer need not hit it exactly. */
const REACH_PX = 6;

/**
 * The stretch of time on show: a zoom in the address (`from-to`), or the last so many minutes. While less than that is
 * known it starts where the knowledge does, so that the first minute is not a sliver at the edge.
 */
function windowOf(startMs: number, endMs: number): Span & { readonly zoomed: boolean } {
  const [from, to] = queryOf('zoom').split('-').map(Number);
  if (from !== undefined && to !== undefined && to > from) return { from, to, zoomed: true };
  const range = RANGES.find((each) => each.name === queryOf('range')) ?? DEFAULT_RANGE;
  const known = Math.max(RANGES[0].ms, endMs - startMs);
  return { from: endMs - Math.min(range.ms, known), to: endMs, zoomed: false };
}

/** False for the seconds of a collector that waits for its first process. */
function hasLife(point: TimelinePoint): boolean {
  return point.utilization > 0 || Object.keys(point.active).length > 0;
}

/** Requests in flight by view, with the holds of the loop, its delay and its utilization under it on one time axis. */
export function Concurrency() {
  const points = timeline.value;
  const slots = useRef(new SeriesSlots());
  const names = useMemo(() => slots.current.assign(points), [points]);
  const columns = useMemo(() => toColumns(points, names), [points, names]);
  const end = (points.at(-1)?.at ?? picture.value.overview?.at ?? Date.now()) + 1_000;
  const shown = windowOf(points.find(hasLife)?.at ?? end, end);
  const blocks = blocksBetween(points, shown.from, shown.to);

  const cursor = useSignal<{ index: number; at: number } | null>(null);
  const hosts = useRef(new Map<PlotKind, HTMLDivElement>());
  const plots = useRef(new Map<PlotKind, uPlot>());
  const scene = useRef<Scene | null>(null);
  const asTable = queryOf('chart') === 'table';

  useEffect(() => {
    if (asTable) return;
    const current: Scene = { colours: readColours(), blocks: [], gaps: [] };
    scene.current = current;
    const events = {
      onCursor: (index: number | null, at: number | null) => {
        cursor.value = index === null || at === null ? null : { index, at };
      },
      onZoom: (from: number, to: number) => setQuery({ zoom: `${Math.round(from)}-${Math.round(to)}` }),
      onPress: (at: number, msPerPixel: number) => {
        const block = blockAt(current.blocks, at, msPerPixel * REACH_PX);
        if (block !== null) go(hrefTo(['incidents', block.fingerprint]));
      },
    };
    for (const [kind, host] of hosts.current) plots.current.set(kind, createPlot(kind, host, current, events));
    const resized = new ResizeObserver(() => {
      for (const [kind, plot] of plots.current) {
        const width = hosts.current.get(kind)?.clientWidth ?? 0;
        if (width > 0 && width !== plot.width) plot.setSize({ width, height: plot.height });
      }
    });
    for (const host of hosts.current.values()) resized.observe(host);
    return () => {
      resized.disconnect();
      for (const plot of plots.current.values()) plot.destroy();
      plots.current.clear();
    };
  }, [asTable]);

  useEffect(() => {
    if (scene.current !== null) scene.current.colours = readColours();
    for (const plot of plots.current.values()) plot.redraw(true, true);
  }, [colours.value]);

  useEffect(() => {
    const current = scene.current;
    if (current === null) return;
    current.blocks = blocks;
    current.gaps = columns.gaps;
    const data: Record<PlotKind, uPlot.AlignedData> = {
      active: [columns.at, ...columns.stacked],
      held: [columns.at, columns.at.map(() => 0)],
      delay: [columns.at, columns.delayMaxMs, columns.delayP99Ms, columns.delayP50Ms],
      utilization: [columns.at, columns.utilization],
    };
    for (const [kind, plot] of plots.current) {
      plot.batch(() => {
        plot.setData(data[kind], false);
        plot.setScale('x', { min: shown.from, max: shown.to });
      });
    }
  }, [asTable, columns, shown.from, shown.to]);

  const at = cursor.value;
  const near = at === null ? null : blockAt(blocks, at.at, ((shown.to - shown.from) / 900) * REACH_PX);
  const summary = `${blocks.length} holds of the loop are marked. The table tells the same second by second.`;
  return (
    <figure class="panel concurrency" aria-labelledby="concurrency-title">
      <div class="panel-head">
        <h2 id="concurrency-title">Concurrency</h2>
        <Readout columns={columns} cursor={at} block={near} />
        <ChartControls zoomed={shown.zoomed} asTable={asTable} />
      </div>
      {asTable ? (
        <ConcurrencyTable points={points} from={shown.from} to={shown.to} />
      ) : (
        <div class="concurrency-body" role="img" aria-label={`Active requests by view over time. ${summary}`}>
          <div class={near === null ? 'plots' : 'plots on-block'}>
            {KINDS.map((kind) => (
              <div class={`plot plot-${kind}`} key={kind}>
                <span class="plot-name">{PLOT_NAMES[kind]}</span>
                {kind === 'delay' && <DelayKey />}
                <div
                  ref={(host) => {
                    if (host === null) hosts.current.delete(kind);
                    else hosts.current.set(kind, host);
                  }}
                />
              </div>
            ))}
          </div>
          <Legend names={names} columns={columns} index={at?.index ?? columns.at.length - 1} />
        </div>
      )}
    </figure>
  );
}

const PLOT_NAMES: Readonly<Record<PlotKind, string>> = {
  active: 'Active requests',
  held: 'Loop held',
  delay: 'Loop delay, ms',
  utilization: 'Utilization, %',
};

function DelayKey() {
  return (
    <span class="plot-key" aria-hidden="true">
      <i class="key-p50" /> p50 <i class="key-p99" /> p99 <i class="key-max" /> max
    </span>
  );
}

function ChartControls({ zoomed, asTable }: { readonly zoomed: boolean; readonly asTable: boolean }) {
  const range = queryOf('range') === '' ? DEFAULT_RANGE.name : queryOf('range');
  const still = pausedAt.value !== null || openedFile.value !== null;
  return (
    <div class="controls">
      {zoomed && (
        <button type="button" class="button" onClick={() => setQuery({ zoom: '' })}>
          {still ? 'Whole range' : 'Back to live'}
        </button>
      )}
      <div class="segments" role="group" aria-label="Time range">
        {RANGES.map((each) => (
          <button
            type="button"
            key={each.name}
            aria-pressed={!zoomed && range === each.name}
            onClick={() => setQuery({ range: each === DEFAULT_RANGE ? '' : each.name, zoom: '' })}
          >
            {each.label}
          </button>
        ))}
      </div>
      <button type="button" class="button" onClick={() => setQuery({ chart: asTable ? '' : 'table' })}>
        {asTable ? 'Chart' : 'Table'}
      </button>
    </div>
  );
}
