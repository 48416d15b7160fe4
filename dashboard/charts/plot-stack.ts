import type uPlot from 'uplot';
import type { TimelineBlock } from '../../protocol/index.js';
import { InTurn } from '../in-turn.js';
import { readColours } from './colours.js';
import { createPlot, type PlotEvents, type PlotKind, type Scene } from './plots.js';
import type { Columns } from './stacked.js';

/** What the plots are to show. `from` and `to` are the edges of the time axis, epoch milliseconds. */
export interface Drawing {
  readonly columns: Columns;
  readonly blocks: readonly TimelineBlock[];
  readonly from: number;
  readonly to: number;
}

export interface StackEvents extends Omit<PlotEvents, 'onPress'> {
  readonly onPress: (at: number, msPerPixel: number, blocks: readonly TimelineBlock[]) => void;
}

/** The plots under each other on one time axis. Each is made and drawn in a task of its own. */
export class PlotStack {
  readonly #hosts: ReadonlyMap<PlotKind, HTMLElement>;
  readonly #events: PlotEvents;
  readonly #plots = new Map<PlotKind, uPlot>();
  readonly #scene: Scene = { colours: readColours(), blocks: [], gaps: [] };
  readonly #turns = new InTurn<PlotKind>((kind) => this.#drawOne(kind));
  readonly #resized: ResizeObserver;
  #drawing: Drawing | null = null;

  constructor(hosts: ReadonlyMap<PlotKind, HTMLElement>, events: StackEvents) {
    this.#hosts = hosts;
    this.#events = {
      ...events,
      onPress: (at, msPerPixel) => events.onPress(at, msPerPixel, this.#scene.blocks),
    };
    this.#resized = new ResizeObserver(() => this.#fit());
    for (const host of hosts.values()) this.#resized.observe(host);
  }

  draw(drawing: Drawing): void {
    this.#drawing = drawing;
    this.#scene.blocks = drawing.blocks;
    this.#scene.gaps = drawing.columns.gaps;
    this.#turns.ask(this.#hosts.keys());
  }

  /** After the theme changed. */
  recolour(): void {
    this.#scene.colours = readColours();
    for (const plot of this.#plots.values()) plot.redraw(true, true);
  }

  stop(): void {
    this.#turns.stop();
    this.#resized.disconnect();
    for (const plot of this.#plots.values()) plot.destroy();
    this.#plots.clear();
  }

  #drawOne(kind: PlotKind): void {
    const host = this.#hosts.get(kind);
    const drawing = this.#drawing;
    if (host === undefined || drawing === null) return;
    let plot = this.#plots.get(kind);
    if (plot === undefined) {
      plot = createPlot(kind, host, this.#scene, this.#events);
      this.#plots.set(kind, plot);
    }
    const data = dataOf(kind, drawing.columns);
    plot.batch(() => {
      plot.setData(data, false);
      plot.setScale('x', { min: drawing.from, max: drawing.to });
    });
  }

  #fit(): void {
    for (const [kind, plot] of this.#plots) {
      const width = this.#hosts.get(kind)?.clientWidth ?? 0;
      if (width > 0 && width !== plot.width) plot.setSize({ width, height: plot.height });
    }
  }
}

function dataOf(kind: PlotKind, columns: Columns): uPlot.AlignedData {
  switch (kind) {
    case 'active':
      return [columns.at, ...columns.stacked];
    case 'held':
      return [columns.at, columns.at.map(() => 0)];
    case 'delay':
      return [columns.at, columns.delayMaxMs, columns.delayP99Ms, columns.delayP50Ms];
    case 'utilization':
      return [columns.at, columns.utilization];
  }
}
