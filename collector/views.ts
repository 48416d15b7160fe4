import {
  Histogram,
  OTHER_ROUTE,
  quantile,
  type View,
  type ViewReport,
  type ViewSummary,
  viewName,
} from '../protocol/index.js';
import { COLLECTOR_LIMITS } from './limits.js';
import type { TotalBody } from './store/store.js';
import { HistogramWindow, SumWindow } from './windows.js';

const MINUTE_MS = 60_000;
/** A view that nobody called for this long makes room once the table is half full. */
const IDLE_MS = 3_600_000;
/** How fast a view's rank in the concurrency chart forgets, a second. */
const RANK_DECAY = 0.9;

/** Everything known of one view of one service, merged over its instances. */
export class ViewTotals {
  readonly key: string;
  readonly service: string;
  readonly view: View;
  readonly name: string;
  /** Gauges: the sums over the instances that report it. */
  active = 0;
  activePeak = 0;
  /** The recent height of `activePeak`, so that the chart's choice of views does not flicker. */
  rank = 0;
  readonly duration = new Histogram();
  readonly busy = new Histogram();
  readonly wait = new Histogram();
  lastReportedAt = 0;
  readonly #requests = new SumWindow(60, 1000);
  readonly #busySeconds = new SumWindow(60, 1000);
  readonly #duration = new HistogramWindow();
  readonly #busy = new HistogramWindow();
  /** When each instance last served it; those of the last minute share its busy time. */
  readonly #servedBy = new Map<string, number>();

  constructor(key: string, service: string, view: View) {
    this.key = key;
    this.service = service;
    this.view = view;
    this.name = viewName(view);
  }

  /** Adds a report's increments. The gauges are the instance's to set. */
  record(report: ViewReport, instanceId: string, now: number): void {
    this.lastReportedAt = now;
    this.duration.merge(report.duration);
    this.busy.merge(report.busy);
    this.wait.merge(report.wait);
    this.#duration.merge(now, report.duration);
    this.#busy.merge(now, report.busy);
    if (report.duration.count > 0) this.#requests.add(now, report.duration.count);
    if (report.busy.count > 0) {
      this.#busySeconds.add(now, report.busy.sum);
      this.#servedBy.set(instanceId, now);
    }
  }

  /** What was counted before this run. */
  restore({ duration, busy, wait, lastReportedAt }: Extract<TotalBody, { type: 'view' }>): void {
    this.duration.merge(duration);
    this.busy.merge(busy);
    this.wait.merge(wait);
    this.lastReportedAt = Math.max(this.lastReportedAt, lastReportedAt);
  }

  total(): TotalBody {
    const { service, view, lastReportedAt } = this;
    const histograms = { duration: this.duration.data(), busy: this.busy.data(), wait: this.wait.data() };
    return { type: 'view', service, view, ...histograms, lastReportedAt };
  }

  /** Whether there is still something of it in the last minute's windows. */
  isRecent(now: number): boolean {
    return this.active > 0 || now - this.lastReportedAt <= MINUTE_MS + 1000;
  }

  rankNow(): number {
    this.rank = this.rank * RANK_DECAY + this.activePeak;
    return this.rank;
  }

  get requests(): number {
    return this.duration.count;
  }

  /** In the last minute: loop time a second, 0 to 1 for each instance that served it. */
  busyShare(now: number, windowSeconds: number): number {
    for (const [id, servedAt] of this.#servedBy) if (now - servedAt > MINUTE_MS) this.#servedBy.delete(id);
    return Math.min(1, this.#busySeconds.total(now) / windowSeconds / Math.max(1, this.#servedBy.size));
  }

  summary(now: number, windowSeconds: number, openIncidents: number): ViewSummary {
    // A view that nobody called in the last minute shows what is known of it from before.
    const recent = this.#duration.data(now);
    const duration = recent.count > 0 ? recent : this.duration;
    const recentBusy = this.#busy.data(now);
    const busy = recentBusy.count > 0 ? recentBusy : this.busy;
    const { method, route, handler, kind } = this.view;
    return {
      service: this.service,
      method,
      route,
      handler,
      kind,
      active: this.active,
      requests: this.requests,
      requestsPerSecond: this.#requests.total(now) / windowSeconds,
      busyMs: this.busy.sum * 1000,
      busyShare: this.busyShare(now, windowSeconds),
      waitMs: this.wait.sum * 1000,
      duration: {
        p50Ms: quantile(duration, 0.5) * 1000,
        p90Ms: quantile(duration, 0.9) * 1000,
        p99Ms: quantile(duration, 0.99) * 1000,
        maxMs: duration.max * 1000,
      },
      busy: { p50Ms: quantile(busy, 0.5) * 1000, p99Ms: quantile(busy, 0.99) * 1000, maxMs: busy.max * 1000 },
      incidents: openIncidents,
    };
  }
}

/** All views of the fleet, bounded: what comes beyond the limit is counted together as `(other)`. */
export class ViewTable {
  readonly #views = new Map<string, ViewTotals>();
  /** The same by service and view object: whoever reads reports hands over the same object for the same view. */
  readonly #known = new Map<string, WeakMap<View, ViewTotals>>();
  readonly #limit: number;

  constructor(limit: number = COLLECTOR_LIMITS.views) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#views.size;
  }

  all(): IterableIterator<ViewTotals> {
    return this.#views.values();
  }

  /** The totals of just this object, if they were asked for before: no text is made and no text is compared. */
  known(service: string, view: View): ViewTotals | undefined {
    return this.#known.get(service)?.get(view);
  }

  /** The view's totals; those of `(other)` when there is no room for one more view. */
  of(service: string, view: View): ViewTotals {
    const key = viewKey(service, view);
    const known = this.#views.get(key);
    if (known !== undefined) {
      this.#remember(service, view, known);
      return known;
    }
    if (this.#views.size >= this.#limit && view.route !== OTHER_ROUTE) return this.other(service);
    return this.#add(key, service, view);
  }

  other(service: string): ViewTotals {
    // Services too may be invented without end.
    const room = this.#views.size < this.#limit * 1.2;
    const key = viewKey(room ? service : OTHER_ROUTE, OTHER_VIEW);
    return (
      this.#views.get(viewKey(service, OTHER_VIEW)) ??
      this.#views.get(key) ??
      this.#add(key, room ? service : OTHER_ROUTE, OTHER_VIEW)
    );
  }

  forgetIdle(now: number): void {
    if (this.#views.size < this.#limit / 2) return;
    for (const [key, view] of this.#views) {
      if (view.active > 0 || now - view.lastReportedAt <= IDLE_MS) continue;
      this.#views.delete(key);
      this.#known.clear();
    }
  }

  #remember(service: string, view: View, totals: ViewTotals): void {
    let known = this.#known.get(service);
    if (known === undefined) this.#known.set(service, (known = new WeakMap()));
    known.set(view, totals);
  }

  #add(key: string, service: string, view: View): ViewTotals {
    const totals = new ViewTotals(key, service, view);
    this.#views.set(key, totals);
    return totals;
  }
}

const OTHER_VIEW: View = { method: '', route: OTHER_ROUTE, handler: '', kind: 'sync' };

export function viewKey(service: string, view: View): string {
  return `${service}\n${view.method}\n${view.route}\n${view.handler}\n${view.kind}`;
}
