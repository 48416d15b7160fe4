import uPlot from 'uplot';
import type { TimelineBlock } from '../../protocol/index.js';
import { moment } from '../format.js';
import type { ChartColours } from './colours.js';
import type { Span } from './stacked.js';

/** What the plots draw beside their series, read at each drawing. */
export interface Scene {
  colours: ChartColours;
  blocks: readonly TimelineBlock[];
  gaps: readonly Span[];
}

export interface PlotEvents {
  readonly onCursor: (index: number | null, at: number | null, msPerPixel: number) => void;
  readonly onZoom: (from: number, to: number) => void;
  readonly onPress: (at: number, msPerPixel: number) => void;
}

export type PlotKind = 'active' | 'held' | 'delay' | 'utilization';
const PLOT_HEIGHTS: Readonly<Record<PlotKind, number>> = { active: 184, held: 46, delay: 96, utilization: 88 };
/** Wide enough for `1000`, and the same for all, so that their time axes lie exactly under each other. */
const AXIS_WIDTH = 48;
/** The columns of the held track, CSS pixels. */
const COLUMN_PX = 2;
/** The least height of a column in which anything was held, as a share: a short block must still be seen. */
const LEAST_SHARE = 0.12;
/** The plot's name stands above what it plots. CSS pixels. */
const TITLE_HEIGHT = 20;
/** A block is drawn across the other plots from this width on; below it the track alone tells. CSS pixels. */
const SPAN_PX = 3;

const stepped = uPlot.paths.stepped?.({ align: 1 });

export function createPlot(kind: PlotKind, target: HTMLElement, scene: Scene, events: PlotEvents): uPlot {
  const width = Math.max(200, target.clientWidth);
  const options: uPlot.Options = {
    width,
    height: PLOT_HEIGHTS[kind],
    ms: 1,
    pxAlign: 1,
    legend: { show: false },
    padding: [TITLE_HEIGHT, 26, kind === 'utilization' ? 0 : 4, 0],
    cursor: {
      y: false,
      points: { show: false },
      sync: { key: 'time', setSeries: false },
      drag: { x: true, y: false, setScale: false },
    },
    select: { show: true, left: 0, top: 0, width: 0, height: 0 },
    scales: { x: { time: true }, y: scaleOf(kind) },
    axes: [timeAxis(kind, scene), valueAxis(kind, scene)],
    series: seriesOf(kind, scene),
    hooks: {
      drawClear: [(plot) => drawGaps(plot, scene), (plot) => kind !== 'held' && drawSpans(plot, scene)],
      draw: [(plot) => kind === 'held' && drawHeld(plot, scene)],
      setCursor: [
        (plot) => {
          const left = plot.cursor.left ?? -1;
          const at = left < 0 ? null : plot.posToVal(left, 'x');
          events.onCursor(left < 0 ? null : (plot.cursor.idx ?? null), at, msPerPixel(plot));
        },
      ],
      setSelect: [
        (plot) => {
          if (plot.select.width < 4) return;
          const from = plot.posToVal(plot.select.left, 'x');
          const to = plot.posToVal(plot.select.left + plot.select.width, 'x');
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          events.onZoom(from, to);
        },
      ],
      ready: [(plot) => listenForPress(plot, events)],
    },
  };
  const plot = new uPlot(options, options.series.map(() => []) as unknown as uPlot.AlignedData, target);
  // The figure's text and table say it all; the canvas has nothing for a screen reader.
  plot.root.setAttribute('aria-hidden', 'true');
  return plot;
}

function scaleOf(kind: PlotKind): uPlot.Scale {
  switch (kind) {
    case 'active':
      return { range: (_plot, _min, max) => [0, Math.max(4, (max ?? 0) * 1.08)] };
    case 'held':
      return { range: [0, 1] };
    case 'utilization':
      return { range: [0, 100] };
    case 'delay':
      return { distr: 3, range: (_plot, _min, max) => [0.5, Math.max(100, 10 ** Math.ceil(Math.log10(max ?? 1)))] };
  }
}

function timeAxis(kind: PlotKind, scene: Scene): uPlot.Axis {
  const last = kind === 'utilization';
  return {
    ...axisLook(scene),
    size: last ? 24 : 0,
    space: 88,
    ticks: { show: last, size: 4, stroke: () => scene.colours.line, width: 1 },
    incrs: [1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 108e5, 216e5, 432e5, 864e5],
    values: (_plot, splits, _axis, _space, incr) => splits.map((split) => (last ? moment(split, incr) : '')),
  };
}

function valueAxis(kind: PlotKind, scene: Scene): uPlot.Axis {
  const axis: uPlot.Axis = { ...axisLook(scene), size: AXIS_WIDTH, gap: 6, ticks: { show: false } };
  switch (kind) {
    case 'active':
      return { ...axis, space: 36, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 1e5] };
    case 'held':
      return { ...axis, grid: { show: false }, values: () => [] };
    case 'utilization':
      return { ...axis, splits: () => [0, 50, 100], values: (_plot, splits) => splits.map((split) => `${split}`) };
    case 'delay':
      return {
        ...axis,
        splits: (plot) => [1, 10, 100, 1e3, 1e4, 1e5].filter((split) => split <= (plot.scales.y?.max ?? 100)),
        values: (_plot, splits) => splits.map((split) => (split < 1e3 ? `${split}` : `${split / 1e3}k`)),
        filter: (_plot, splits) => splits,
      };
  }
}

function axisLook(scene: Scene): uPlot.Axis {
  return {
    stroke: () => scene.colours.faint,
    font: `11px ${scene.colours.mono}`,
    grid: { stroke: () => scene.colours.line, width: 1 },
  };
}

function seriesOf(kind: PlotKind, scene: Scene): uPlot.Series[] {
  const common = { points: { show: false }, ...(stepped === undefined ? {} : { paths: stepped }) };
  const line = (stroke: () => string, width: number): uPlot.Series => ({ ...common, stroke, width });
  switch (kind) {
    case 'active':
      // Each layer is painted over the ones behind it.
      return [
        {},
        ...scene.colours.series.map((_, index, all) => ({
          ...common,
          fill: () => scene.colours.series[all.length - 1 - index] ?? scene.colours.faint,
          width: 0,
        })),
      ];
    case 'held':
      return [{}, { ...common, show: true, stroke: 'transparent', width: 0 }];
    case 'delay':
      return [
        {},
        { ...common, width: 0, fill: () => scene.colours.load },
        line(() => scene.colours.text, 1.5),
        line(() => scene.colours.p50, 1.5),
      ];
    case 'utilization':
      return [{}, { ...common, stroke: () => scene.colours.faint, width: 1, fill: () => scene.colours.load }];
  }
}

/**
 * The share of each moment in which a loop was held: seen from afar columns of that height, zoomed in spans as long as
 * the blocks themselves.
 */
function drawHeld(plot: uPlot, scene: Scene): void {
  const { ctx, bbox } = plot;
  const column = COLUMN_PX * devicePixelRatio;
  const shares = new Float64Array(Math.ceil(bbox.width / column));
  for (const block of scene.blocks) {
    const from = (plot.valToPos(block.at, 'x', true) - bbox.left) / column;
    const to = (plot.valToPos(block.at + block.durationMs, 'x', true) - bbox.left) / column;
    for (let i = Math.max(0, Math.floor(from)); i < Math.min(shares.length, to); i++) {
      shares[i] = (shares[i] ?? 0) + Math.min(to, i + 1) - Math.max(from, i);
    }
  }
  ctx.fillStyle = scene.colours.blocked;
  shares.forEach((share, i) => {
    if (share === 0) return;
    const height = bbox.height * Math.min(1, Math.max(LEAST_SHARE, share));
    ctx.fillRect(bbox.left + i * column, bbox.top + bbox.height - height, column, height);
  });
}

/** Behind the series, so that their colours stay what the legend says. */
function drawSpans(plot: uPlot, scene: Scene): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = scene.colours.blockedTint;
  for (const block of scene.blocks) {
    const from = plot.valToPos(block.at, 'x', true);
    const to = plot.valToPos(block.at + block.durationMs, 'x', true);
    if (to - from >= SPAN_PX * devicePixelRatio) ctx.fillRect(from, bbox.top, to - from, bbox.height);
  }
  ctx.restore();
}

/** Where nothing was told, the ground is hatched: not zero, not known. */
function drawGaps(plot: uPlot, scene: Scene): void {
  const { ctx, bbox } = plot;
  const step = 7 * devicePixelRatio;
  for (const gap of scene.gaps) {
    const from = Math.max(bbox.left, plot.valToPos(gap.from, 'x', true));
    const to = Math.min(bbox.left + bbox.width, plot.valToPos(gap.to, 'x', true));
    if (to <= from) continue;
    ctx.save();
    ctx.beginPath();
    ctx.rect(from, bbox.top, to - from, bbox.height);
    ctx.clip();
    ctx.strokeStyle = scene.colours.gap;
    ctx.lineWidth = devicePixelRatio;
    ctx.beginPath();
    for (let x = from - bbox.height; x < to; x += step) {
      ctx.moveTo(x, bbox.top + bbox.height);
      ctx.lineTo(x + bbox.height, bbox.top);
    }
    ctx.stroke();
    ctx.restore();
  }
}

function msPerPixel(plot: uPlot): number {
  return plot.posToVal(1, 'x') - plot.posToVal(0, 'x');
}

function listenForPress(plot: uPlot, events: PlotEvents): void {
  let downAt = -1;
  plot.over.addEventListener('mousedown', (event) => {
    downAt = event.clientX;
  });
  plot.over.addEventListener('click', (event) => {
    if (Math.abs(event.clientX - downAt) > 3) return;
    // Where the crosshair stands, so that what is opened is what was read out.
    const hovered = plot.cursor.left ?? -1;
    const left = hovered >= 0 ? hovered : event.clientX - plot.over.getBoundingClientRect().left;
    events.onPress(plot.posToVal(left, 'x'), msPerPixel(plot));
  });
}
