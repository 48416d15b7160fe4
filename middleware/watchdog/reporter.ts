import {
  type BlockedNow,
  type DroppedCount,
  EMPTY_HISTOGRAM,
  encodeLogs,
  encodeMetrics,
  type IncidentDelta,
  type Instance,
  type Report,
  toOtlpLogs,
  toOtlpMetrics,
} from '../../protocol/index.js';
import type { Exporter } from './exporter.js';
import type { Drained } from './messages.js';
import type { Redaction } from './redaction.js';

type DrainedReport = Drained['report'];

/** Numbers the reports and batches of this process, says what was lost, and hands them to the exporter. */
export class Reporter {
  readonly #instance: Instance;
  readonly #exporter: Exporter;
  readonly #redaction: Redaction;
  readonly #dropped = new Map<string, number>();
  #last: DrainedReport | null = null;
  /** When the last report ended; a report made here begins there. */
  #endMs = Date.now();
  #reports: number;
  #batches: number;

  constructor(instance: Instance, exporter: Exporter, redaction: Redaction, firstSequence: number) {
    this.#instance = instance;
    this.#exporter = exporter;
    this.#redaction = redaction;
    this.#reports = this.#batches = firstSequence;
  }

  /** What could not be kept or sent, to be told with the next report. */
  countDropped(contents: readonly DroppedCount[]): void {
    for (const { what, count } of contents) this.#dropped.set(what, (this.#dropped.get(what) ?? 0) + count);
  }

  /** What the main thread counted, and whether its loop is held again already. */
  drained(report: DrainedReport, blocked: BlockedNow | null): void {
    this.#last = report;
    this.#send({ ...report, loop: { ...report.loop, blocked } });
  }

  /** A report while the main thread can make none: gauges as they were, nothing counted, and how long it is held. */
  blocked(blocked: BlockedNow | null): void {
    this.#send(this.#between(blocked));
  }

  goodbye(): void {
    this.#send({ ...this.#between(null), goodbye: true });
  }

  incidents(incidents: readonly IncidentDelta[]): void {
    if (incidents.length === 0) return;
    const redacted = incidents.map((incident) => this.#redaction.incident(incident));
    const batch = { instance: this.#instance, sequence: this.#batches++, incidents: redacted };
    const body = encodeLogs(toOtlpLogs(batch));
    this.#exporter.push({ path: '/v1/logs', body, contents: [{ what: 'incidents', count: incidents.length }] });
  }

  #between(blocked: BlockedNow | null): DrainedReport {
    const last = this.#last;
    return {
      startMs: this.#endMs,
      endMs: Math.max(Date.now(), this.#endMs),
      // While the loop is held no request can come or go.
      views: (last?.views ?? [])
        .filter((view) => view.active > 0)
        .map(({ view, active }) => ({
          view,
          active,
          activePeak: active,
          duration: EMPTY_HISTOGRAM,
          busy: EMPTY_HISTOGRAM,
          wait: EMPTY_HISTOGRAM,
          operations: [],
          blocks: [],
        })),
      loop: {
        delay: EMPTY_HISTOGRAM,
        utilization: blocked === null ? (last?.loop.utilization ?? 0) : 1,
        activeSeconds: 0,
        idleSeconds: 0,
        blockedSeconds: 0,
        attributedSeconds: 0,
        blocked,
      },
      gc: [],
      memory: { rssBytes: process.memoryUsage.rss(), heapUsedBytes: last?.memory.heapUsedBytes ?? 0 },
      observer: { busySeconds: 0, samplingRatio: last?.observer.samplingRatio ?? 1 },
      dropped: [],
    };
  }

  #send(report: DrainedReport): void {
    this.#endMs = report.endMs;
    const dropped = this.#withDropped(report.dropped);
    const views = this.#redaction.views(report.views);
    const whole: Report = { ...report, views, instance: this.#instance, sequence: this.#reports++, dropped };
    this.#exporter.push({
      path: '/v1/metrics',
      body: encodeMetrics(toOtlpMetrics(whole)),
      // If this one is lost, so is its list of what was lost before.
      contents: [{ what: 'reports', count: 1 }, ...dropped],
    });
  }

  #withDropped(before: readonly DroppedCount[]): DroppedCount[] {
    this.countDropped(before);
    const dropped = [...this.#dropped].map(([what, count]) => ({ what, count }));
    this.#dropped.clear();
    return dropped;
  }
}
