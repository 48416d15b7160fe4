import { type Cause, Histogram, type View, type ViewReport } from '../protocol/index.js';
import type { CallSite, Operation } from './guard/operation-call.js';
import type { IncidentGroup } from './incident-group.js';

/** What one view did since the last report. Every run of the view counts straight into it. */
export class ViewTotals {
  /** A small number that stands for the view in shared memory; counts up from 1. */
  readonly id: number;
  readonly view: View;
  active = 0;
  activePeak = 0;
  readonly duration = new Histogram();
  readonly busy = new Histogram();
  readonly wait = new Histogram();
  /** Busy time of runs that had ended already: work that a request left behind. */
  lateBusyMs = 0;
  /** Durations of sync-only operations by name. */
  readonly operations = new Map<string, Histogram>();
  readonly blocks = new Map<Cause, Histogram>();
  /** The incident groups of the view: by operation, then by the place that called it. */
  readonly groups = new Map<Operation, Map<CallSite, IncidentGroup>>();

  constructor(id: number, view: View) {
    this.id = id;
    this.view = view;
  }

  /** A run counts here from now on. */
  enter(): void {
    if (++this.active > this.activePeak) this.activePeak = this.active;
  }

  /** A run no longer counts here: it ended, or the router found a more exact view for it. */
  leave(): void {
    this.active--;
  }

  recordOperation(name: string, durationMs: number): void {
    let histogram = this.operations.get(name);
    if (histogram === undefined) this.operations.set(name, (histogram = new Histogram()));
    histogram.record(durationMs / 1000);
  }

  recordBlock(cause: Cause, durationMs: number): void {
    let histogram = this.blocks.get(cause);
    if (histogram === undefined) this.blocks.set(cause, (histogram = new Histogram()));
    histogram.record(durationMs / 1000);
  }

  /** Returns the increments since the last call, or null when nothing happened and nothing is in flight. */
  drain(): ViewReport | null {
    // One more value a second, so that sums are whole; of percentiles one value more or less is nothing.
    if (this.lateBusyMs > 0) this.busy.record(this.lateBusyMs / 1000);
    this.lateBusyMs = 0;
    if (this.activePeak === 0 && this.busy.count === 0 && this.operations.size === 0 && this.blocks.size === 0) {
      return null;
    }
    const report: ViewReport = {
      view: this.view,
      active: this.active,
      activePeak: this.activePeak,
      duration: this.duration.take(),
      busy: this.busy.take(),
      wait: this.wait.take(),
      operations: [...this.operations].map(([operation, histogram]) => ({ operation, duration: histogram.data() })),
      blocks: [...this.blocks].map(([cause, histogram]) => ({ cause, duration: histogram.data() })),
    };
    this.operations.clear();
    this.blocks.clear();
    this.activePeak = this.active;
    return report;
  }
}
