import { Histogram, OTHER_ROUTE, type ViewReport } from '../protocol/index.js';
import { COLLECTOR_LIMITS } from './limits.js';
import type { TotalBody } from './store/store.js';
import type { ViewTotals } from './views.js';

/** A histogram of one pair of labels, over all instances of a service. */
export interface OperationTotals {
  readonly type: 'operation';
  readonly service: string;
  readonly route: string;
  readonly operation: string;
  readonly duration: Histogram;
}

export interface BlockTotals {
  readonly type: 'block';
  readonly service: string;
  readonly route: string;
  readonly duration: Histogram;
}

const COUNTERS = [
  'reports',
  'batches',
  'duplicates',
  'ignoredPoints',
  'ignoredRecords',
  'blockedSeconds',
  'attributedSeconds',
  'observerSeconds',
] as const;

/** What only `/metrics` needs: totals by operation and block, and the collector's own counters. Counters never fall. */
export class FleetMetrics {
  readonly operations = new Map<string, OperationTotals>();
  readonly blocks = new Map<string, BlockTotals>();
  /** Those that changed since they were last saved. */
  readonly unsaved = new Set<OperationTotals | BlockTotals>();
  reports = 0;
  batches = 0;
  duplicates = 0;
  ignoredPoints = 0;
  ignoredRecords = 0;
  blockedSeconds = 0;
  attributedSeconds = 0;
  observerSeconds = 0;
  /** Refused ingest requests by HTTP status. */
  readonly refused = new Map<number, number>();

  record(view: ViewTotals, report: ViewReport): void {
    const { service } = view;
    for (const { operation, duration } of report.operations) {
      const totals = this.#operation(service, view.view.route, operation);
      totals.duration.merge(duration);
      this.unsaved.add(totals);
    }
    for (const { duration } of report.blocks) {
      const totals = this.#block(service, view.view.route);
      totals.duration.merge(duration);
      this.unsaved.add(totals);
    }
  }

  restore(total: Extract<TotalBody, { type: 'operation' | 'block' }>): void {
    const totals =
      total.type === 'operation'
        ? this.#operation(total.service, total.route, total.operation)
        : this.#block(total.service, total.route);
    totals.duration.merge(total.duration);
  }

  counters(): Record<string, number> {
    const counters: Record<string, number> = {};
    for (const name of COUNTERS) counters[name] = this[name];
    for (const [status, count] of this.refused) counters[`refused ${status}`] = count;
    return counters;
  }

  restoreCounters(counters: Readonly<Record<string, number>>): void {
    for (const name of COUNTERS) this[name] += counters[name] ?? 0;
    for (const [name, count] of Object.entries(counters)) {
      const status = Number(/^refused (\d{3})$/.exec(name)?.[1]);
      if (status > 0) this.refused.set(status, (this.refused.get(status) ?? 0) + count);
    }
  }

  refuse(status: number): void {
    this.refused.set(status, (this.refused.get(status) ?? 0) + 1);
  }

  #operation(service: string, route: string, operation: string): OperationTotals {
    const key = service === OTHER_ROUTE ? service : `${service}\n${route}\n${operation}`;
    const known = this.operations.get(key);
    if (known !== undefined) return known;
    if (this.operations.size >= COLLECTOR_LIMITS.operations && service !== OTHER_ROUTE) {
      return this.#operation(OTHER_ROUTE, OTHER_ROUTE, OTHER_ROUTE);
    }
    const totals = { type: 'operation', service, route, operation, duration: new Histogram() } as const;
    this.operations.set(key, totals);
    return totals;
  }

  #block(service: string, route: string): BlockTotals {
    const key = service === OTHER_ROUTE ? service : `${service}\n${route}`;
    const known = this.blocks.get(key);
    if (known !== undefined) return known;
    if (this.blocks.size >= COLLECTOR_LIMITS.operations && service !== OTHER_ROUTE) {
      return this.#block(OTHER_ROUTE, OTHER_ROUTE);
    }
    const totals = { type: 'block', service, route, duration: new Histogram() } as const;
    this.blocks.set(key, totals);
    return totals;
  }
}
