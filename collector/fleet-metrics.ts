import { Histogram, OTHER_ROUTE, type ViewReport } from '../protocol/index.js';
import { COLLECTOR_LIMITS } from './limits.js';
import type { ViewTotals } from './views.js';

/** A histogram of one pair of labels, over all instances of a service. */
export interface OperationTotals {
  readonly service: string;
  readonly route: string;
  readonly operation: string;
  readonly duration: Histogram;
}

export interface BlockTotals {
  readonly service: string;
  readonly route: string;
  readonly duration: Histogram;
}

/** What only `/metrics` needs: totals by operation and block, and the collector's own counters. Counters never fall. */
export class FleetMetrics {
  readonly operations = new Map<string, OperationTotals>();
  readonly blocks = new Map<string, BlockTotals>();
  reports = 0;
  batches = 0;
  duplicates = 0;
  ignoredPoints = 0;
  ignoredRecords = 0;
  observerSeconds = 0;
  /** Refused ingest requests by HTTP status. */
  readonly refused = new Map<number, number>();

  record(view: ViewTotals, report: ViewReport): void {
    const { service } = view;
    for (const { operation, duration } of report.operations) {
      this.#operation(service, view.view.route, operation).duration.merge(duration);
    }
    for (const { duration } of report.blocks) this.#block(service, view.view.route).duration.merge(duration);
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
    const totals = { service, route, operation, duration: new Histogram() };
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
    const totals = { service, route, duration: new Histogram() };
    this.blocks.set(key, totals);
    return totals;
  }
}
