import {
  type BlockedNow,
  type HistogramData,
  type InFlight,
  type Instance,
  type InstanceState,
  type InstanceSummary,
  quantile,
  type Report,
  viewName,
} from '../protocol/index.js';
import { GONE_AFTER_MS, SILENT_AFTER_MS } from './limits.js';
import { SequenceWindow } from './sequence-window.js';
import type { Sender } from './store/store.js';
import type { ViewTotals } from './views.js';
import { HistogramWindow, SumWindow } from './windows.js';

/** Clocks that agree to within this are taken to agree. */
const SKEW_TOLERANCE_MS = 2000;
/** Views with requests in flight that are told of a blocked process. */
const MOST_IN_FLIGHT = 20;

interface Gauges {
  readonly active: number;
  readonly activePeak: number;
}

/** What is known of one watched process. Times are the collector's own, so that a wrong clock there harms nothing. */
export class InstanceEntry {
  instance: Instance;
  readonly reports = new SequenceWindow();
  readonly batches = new SequenceWindow();
  /** Views and incident groups it has named, up to its limits. */
  readonly viewKeys = new Set<string>();
  readonly fingerprints = new Set<string>();
  heardAt: number;
  utilization = 0;
  dropped = 0;
  /** What was last sent to the page, to notice a change that no report announced. */
  shownState: InstanceState = 'ok';
  #saidGoodbye = false;
  #blocked: BlockedNow | null = null;
  #blockedReportedAt = 0;
  #gauges = new Map<ViewTotals, Gauges>();
  #active = 0;
  #rssBytes = 0;
  #heapUsedBytes = 0;
  #leastLagMs = Number.POSITIVE_INFINITY;
  readonly #requests = new SumWindow(60, 1000);
  readonly #delay = new HistogramWindow();
  readonly #firstHeardAt: number;

  constructor(instance: Instance, now: number) {
    this.instance = instance;
    this.heardAt = now;
    this.#firstHeardAt = now;
  }

  get blocked(): BlockedNow | null {
    return this.#blocked;
  }

  state(now: number): InstanceState {
    const quietMs = now - this.heardAt;
    if (this.#saidGoodbye || quietMs > GONE_AFTER_MS) return 'gone';
    if (quietMs > SILENT_AFTER_MS) return 'silent';
    return this.#blocked === null ? 'ok' : 'blocked';
  }

  /** Goes on growing between reports, as the block does. */
  blockedForMs(now: number): number {
    if (this.#blocked === null) return 0;
    return this.#blocked.forSeconds * 1000 + Math.max(0, now - this.#blockedReportedAt);
  }

  hear(instance: Instance, now: number): void {
    this.instance = instance;
    this.heardAt = Math.max(this.heardAt, now);
  }

  /** Adds what every report counts, also one that arrives late. */
  recordTotals(report: Report, requests: number, now: number): void {
    this.#delay.merge(now, report.loop.delay);
    this.#requests.add(now, requests);
    for (const each of report.dropped) this.dropped += each.count;
    // The least lag ever seen is network plus skew; the network's part is small, so the rest is their clock's error.
    if (report.endMs > 0) this.#leastLagMs = Math.min(this.#leastLagMs, now - report.endMs);
  }

  /** Sets what only the newest report may set. */
  recordGauges(report: Report, gauges: Map<ViewTotals, Gauges>, now: number): void {
    this.#blocked = report.loop.blocked;
    this.#blockedReportedAt = now;
    this.#saidGoodbye = report.goodbye === true;
    this.utilization = report.loop.blocked === null ? report.loop.utilization : 1;
    if (report.memory.rssBytes > 0) this.#rssBytes = report.memory.rssBytes;
    if (report.memory.heapUsedBytes > 0) this.#heapUsedBytes = report.memory.heapUsedBytes;
    // While the loop is held the main thread can count nothing, and what was in flight still is.
    if (report.loop.blocked === null || gauges.size > 0) this.#setGauges(gauges);
    if (this.#saidGoodbye) this.releaseGauges();
  }

  sender(): Sender {
    return {
      id: this.instance.id,
      reports: this.reports.toText(),
      batches: this.batches.toText(),
      heardAt: this.heardAt,
    };
  }

  /** Takes its requests out of the fleet's sums: nothing is in flight in a process that is gone. */
  releaseGauges(): void {
    this.#setGauges(new Map());
    this.#blocked = null;
  }

  /** A time on the process's clock as the collector's. */
  toCollectorTime(at: number, now: number): number {
    if (!(at > 0)) return now;
    const skewed = Number.isFinite(this.#leastLagMs) && Math.abs(this.#leastLagMs) > SKEW_TOLERANCE_MS;
    return Math.min(now, Math.round(skewed ? at + this.#leastLagMs : at));
  }

  delay(now: number): HistogramData {
    return this.#delay.data(now);
  }

  summary(now: number): InstanceSummary {
    const { id, service, serviceVersion, host, pid, nodeVersion, role } = this.instance;
    const state = this.state(now);
    const delay = this.delay(now);
    const isBlocked = state === 'blocked';
    const view = this.#blocked?.view ?? null;
    const seconds = Math.min(60, Math.max(5, (now - this.#firstHeardAt) / 1000 + 1));
    return {
      id,
      service,
      serviceVersion,
      host,
      pid,
      nodeVersion,
      role,
      state,
      blockedForMs: isBlocked ? Math.round(this.blockedForMs(now)) : 0,
      blockedView: isBlocked && view !== null ? viewName(view) : null,
      inFlight: isBlocked ? this.#inFlight() : [],
      loop: {
        delayP50Ms: quantile(delay, 0.5) * 1000,
        delayP99Ms: quantile(delay, 0.99) * 1000,
        delayMaxMs: delay.max * 1000,
        utilization: state === 'gone' ? 0 : this.utilization,
      },
      active: this.#active,
      requestsPerSecond: this.#requests.total(now) / seconds,
      rssBytes: this.#rssBytes,
      heapUsedBytes: this.#heapUsedBytes,
      dropped: this.dropped,
      lastSeen: this.heardAt,
    };
  }

  #inFlight(): InFlight[] {
    const byView = new Map<string, number>();
    for (const [{ name }, { active }] of this.#gauges) byView.set(name, (byView.get(name) ?? 0) + active);
    return Array.from(byView, ([view, active]) => ({ view, active }))
      .filter(({ active }) => active > 0)
      .sort((a, b) => b.active - a.active)
      .slice(0, MOST_IN_FLIGHT);
  }

  #setGauges(gauges: Map<ViewTotals, Gauges>): void {
    for (const [view, held] of this.#gauges) {
      view.active -= held.active;
      view.activePeak -= held.activePeak;
    }
    this.#active = 0;
    for (const [view, held] of gauges) {
      view.active += held.active;
      view.activePeak += held.activePeak;
      this.#active += held.active;
    }
    this.#gauges = gauges;
  }
}
