import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { TimelinePoint } from '../../protocol/index.js';
import { incidentHref } from '../addresses.js';
import { type HistoryQuestion, useHistory } from '../history.js';
import { go, queryOf, setQuery } from '../router.js';
import { openedFile, overview, pausedAt, timeline } from '../store.js';
import { colours } from '../theme.js';
import { blockAt, blocksBetween } from './blocks.js';
import { ConcurrencyTable } from './concurrency-table.js';
import { Legend, Readout } from './legend.js';
import type { Drawing, PlotStack } from './plot-stack.js';
import type { PlotKind } from './plots.js';
import { SECOND_MS, SeriesSlots, type Span, toColumns } from './stacked.js';

const RANGES = [
  { name: '1m', label: '1 min', ms: 60_000 },
  { name: '5m', label: '5 min', ms: 300_000 },
  { name: '1h', label: '1 h', ms: 3_600_000 },
  { name: '24h', label: '24 h', ms: 86_400_000 },
  { name: '7d', label: '7 d', ms: 604_800_000 },
] as const;
const DEFAULT_RANGE = RANGES[1];
/** A range of which little is known yet is drawn from where the knowledge begins, but at least this part of it. */
const LEAST_OF_RANGE = 8;
/** What the feed tells a page that opens; longer ranges are asked of the collector. */
const LIVE_MS = 300_000;
/** A zoom may reach this far over the edge of what is known before it is worth a question. */
const HISTORY_MARGIN_MS = 2_000;
const KINDS: readonly PlotKind[] = ['active', 'held', 'delay', 'utilization'];
/** A block is a few pixels wide; the pointer need not hit it exactly. */
const REACH_PX = 6;

/**
 * The stretch of time on show: a zoom in the address (`from-to`), or the last so many minutes. While less than that is
 * known it starts where the knowledge does, so that the first minute is not a sliver at the edge.
 */
function windowOf(startMs: number, endMs: number): Span & { readonly zoomed: boolean } {
  const [from, to] = zoomOf();
  if (from !== undefined && to !== undefined && to > from) return { from, to, zoomed: true };
  const range = rangeNow();
  const known = Math.max(RANGES[0].ms, range.ms / LEAST_OF_RANGE, endMs - startMs);
  return { from: endMs - Math.min(range.ms, known), to: endMs, zoomed: false };
}

function endOf(live: readonly TimelinePoint[]): number {
  return (live.at(-1)?.at ?? overview.peek()?.at ?? Date.now()) + SECOND_MS;
}

/** What must be asked of the collector because it is longer ago than the live feed told; null when nothing is. */
function historyNeeded(live: readonly TimelinePoint[]): HistoryQuestion | null {
  if (openedFile.value !== null) return null;
  const [from, to] = zoomOf();
  if (from !== undefined && to !== undefined && to > from) {
    const known = live[0]?.at ?? endOf(live);
    return from < known - HISTORY_MARGIN_MS ? { from, to, spanMs: to - from } : null;
  }
  const { ms } = rangeNow();
  return ms > LIVE_MS ? { from: null, to: null, spanMs: ms } : null;
}

function zoomOf(): number[] {
  return queryOf('zoom').split('-').map(Number);
}

function rangeNow(): (typeof RANGES)[number] {
  return RANGES.find((each) => each.name === queryOf('range')) ?? DEFAULT_RANGE;
}

/** False for the seconds of a collector that waits for its first process. */
function hasLife(point: TimelinePoint): boolean {
  return point.utilization > 0 || Object.keys(point.active).length > 0;
}

/** Requests in flight by view, with the holds of the loop, its delay and its utilization under it on one time axis. */
export function Concurrency() {
  const live = timeline.value;
  const question = historyNeeded(live);
  const history = useHistory(question).value;
  const points = history?.points ?? live;
  const stepMs = history?.stepMs ?? SECOND_MS;
  const slots = useRef(new SeriesSlots());
  const names = useMemo(() => slots.current.assign(points), [points]);
  const columns = useMemo(() => toColumns(points, names, stepMs), [points, names, stepMs]);
  const end = history?.to ?? endOf(live);
  const shown = windowOf(points.find(hasLife)?.at ?? end, end);
  const blocks = blocksBetween(points, shown.from, shown.to);

  const cursor = useSignal<{ index: number; at: number; msPerPixel: number } | null>(null);
  const hosts = useRef(new Map<PlotKind, HTMLDivElement>());
  const drawing = useRef<Drawing | null>(null);
  const stack = useRef<PlotStack | null>(null);
  const asTable = queryOf('chart') === 'table';

  useEffect(() => {
    if (asTable) return;
    let wanted = true;
    // The plots are most of the page's code, and nobody reads a chart first.
    void import('./plot-stack.js').then(({ PlotStack }) => {
      if (!wanted) return;
      stack.current = new PlotStack(hosts.current, {
        onCursor: (index, at, msPerPixel) => {
          cursor.value = index === null || at === null ? null : { index, at, msPerPixel };
        },
        onZoom: (from, to) => setQuery({ zoom: `${Math.round(from)}-${Math.round(to)}` }),
        onPress: (at, msPerPixel, all) => {
          const block = blockAt(all, at, msPerPixel * REACH_PX);
          if (block !== null) go(incidentHref(block));
        },
      });
      if (drawing.current !== null) stack.current.draw(drawing.current);
    });
    return () => {
      wanted = false;
      stack.current?.stop();
      stack.current = null;
    };
  }, [asTable]);

  useEffect(() => {
    stack.current?.recolour();
  }, [colours.value]);

  useEffect(() => {
    drawing.current = { columns, blocks, from: shown.from, to: shown.to };
    stack.current?.draw(drawing.current);
  }, [columns, shown.from, shown.to]);

  const at = cursor.value;
  const near = at === null ? null : blockAt(blocks, at.at, at.msPerPixel * REACH_PX);
  const summary = `${blocks.length} holds of the loop are marked. The table tells the same second by second.`;
  return (
    <figure class="panel concurrency" aria-labelledby="concurrency-title">
      <div class="panel-head">
        <h2 id="concurrency-title">Concurrency</h2>
        <Readout columns={columns} cursor={at} block={near} />
        <ChartControls zoomed={shown.zoomed} asTable={asTable} />
      </div>
      {asTable ? (
        <ConcurrencyTable points={points} stepMs={stepMs} from={shown.from} to={shown.to} />
      ) : (
        <div class="concurrency-body" role="img" aria-label={`Active requests by view over time. ${summary}`}>
          <div class={near === null ? 'plots' : 'plots on-block'}>
            {KINDS.map((kind) => (
              <div class={`plot plot-${kind}`} key={kind}>
                <span class="plot-name">
                  {kind === 'held' && stepMs > SECOND_MS ? 'Longest holds' : PLOT_NAMES[kind]}
                </span>
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
  const range = rangeNow().name;
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
