import {
  type IncidentBatch,
  type IncidentSummary,
  type InstanceSummary,
  LIMITS,
  type Overview,
  type OverviewLoop,
  type Report,
  type TimelinePoint,
  type ViewReport,
  type ViewSummary,
  viewName,
} from '../protocol/index.js';
import { admitBatch, admitReport } from './admission.js';
import { FleetMetrics } from './fleet-metrics.js';
import type { IncidentGroup } from './incident-group.js';
import { IncidentTable } from './incidents.js';
import { type InstanceEntry, InstanceTable } from './instances.js';
import { COLLECTOR_LIMITS } from './limits.js';
import { LoopTotals } from './loop-totals.js';
import { Timeline } from './timeline.js';
import { type BlockedFact, type IncidentFact, type Verdict, verdict } from './verdict.js';
import { VERSION } from './version.js';
import { ViewTable, type ViewTotals, viewKey } from './views.js';
import { SumWindow } from './windows.js';

/** What happens between two deltas and should not wait for the next one. */
export interface FleetEvents {
  /** A new group, or one that just held the loop. */
  incident(group: IncidentGroup): void;
  /** A loop that was free is held now, or the other way round. */
  blockedChanged(): void;
}

/** `duplicate`: it was counted already. `no room`: it is of one process more than are kept. */
export type Recorded = 'recorded' | 'duplicate' | 'no room';

/** What changed since the last time it was asked. */
export interface FleetChanges {
  readonly views: readonly ViewTotals[];
  readonly incidents: readonly IncidentGroup[];
  readonly instances: readonly InstanceEntry[];
}

/**
 * The state of all watched processes, merged. Recording a report costs what the report holds, never what the fleet
 * holds; sums are kept as they come, and percentiles are made from merged histograms when somebody asks.
 */
export class Fleet {
  readonly views = new ViewTable();
  readonly instances = new InstanceTable();
  readonly incidents = new IncidentTable();
  readonly loop = new LoopTotals();
  readonly timeline = new Timeline();
  readonly metrics = new FleetMetrics();
  readonly dropped = new Map<string, number>();
  readonly startedAt: number;
  events: FleetEvents = { incident: () => {}, blockedChanged: () => {} };
  /** When the first process reported; the windows are not longer than what was watched. */
  #watchedSince = 0;
  readonly #droppedRecently = new SumWindow(6, 10_000);
  readonly #recentViews = new Set<ViewTotals>();
  readonly #changedIncidents = new Set<IncidentGroup>();
  readonly #changedInstances = new Set<InstanceEntry>();

  constructor(now: number) {
    this.startedAt = now;
  }

  /** Adds one report. */
  recordReport(raw: Report, now: number): Recorded {
    const { report, lostHistograms } = admitReport(raw);
    const entry = this.#entryOf(report.instance, now);
    if (entry === null) return 'no room';
    const order = entry.reports.take(report.sequence);
    if (order === 'duplicate') {
      this.metrics.duplicates++;
      return 'duplicate';
    }
    const wasBlocked = entry.state(now) === 'blocked';
    entry.hear(report.instance, now);
    this.metrics.reports++;
    this.#watchedSince ||= now;
    this.#changedInstances.add(entry);

    let requests = 0;
    const gauges = new Map<ViewTotals, { active: number; activePeak: number }>();
    for (const viewReport of report.views) {
      const view = this.#viewOf(entry, viewReport);
      view.record(viewReport, report.instance.id, now);
      this.metrics.record(view, viewReport);
      this.#recentViews.add(view);
      requests += viewReport.duration.count;
      const held = gauges.get(view) ?? { active: 0, activePeak: 0 };
      gauges.set(view, {
        active: held.active + viewReport.active,
        activePeak: held.activePeak + viewReport.activePeak,
      });
    }
    this.loop.record(report, requests, now);
    this.metrics.observerSeconds += report.observer.busySeconds;
    this.timeline.recordLoop(report.loop.delay, report.loop.blocked === null ? report.loop.utilization : 1);
    this.drop('histograms', lostHistograms, now);
    entry.recordTotals(report, requests, now);
    if (order === 'newest') entry.recordGauges(report, gauges, now);
    for (const each of report.dropped) this.drop(each.what, each.count, now);
    if (wasBlocked !== (entry.state(now) === 'blocked')) this.events.blockedChanged();
    return 'recorded';
  }

  /** Adds a batch of incidents. */
  recordBatch(raw: IncidentBatch, now: number): Recorded {
    const batch = admitBatch(raw);
    const entry = this.#entryOf(batch.instance, now);
    if (entry === null) return 'no room';
    if (entry.batches.take(batch.sequence) === 'duplicate') {
      this.metrics.duplicates++;
      return 'duplicate';
    }
    entry.hear(batch.instance, now);
    this.metrics.batches++;
    this.#watchedSince ||= now;
    for (const delta of batch.incidents) {
      const isNewHere = !entry.fingerprints.has(delta.fingerprint);
      if (isNewHere && entry.fingerprints.size >= LIMITS.incidentGroups) {
        this.drop('incidents', delta.count + delta.coldCount, now);
        continue;
      }
      entry.fingerprints.add(delta.fingerprint);
      const seenAt = entry.toCollectorTime(delta.lastSeen, now);
      const { group, isNew, evicted, droppedSamples } = this.incidents.record(delta, batch.instance, seenAt, now);
      // An evicted group that comes back starts anew, so its first instance counts even if it is known here.
      if (isNewHere || isNew) group.instances++;
      if (evicted) this.drop('incidents', 1, now);
      if (droppedSamples > 0) this.drop('samples', droppedSamples, now);
      for (const block of delta.blocks) {
        this.timeline.recordBlock({
          at: entry.toCollectorTime(block.at, now),
          durationMs: block.durationMs,
          view: group.viewName,
          operation: delta.operation,
          fingerprint: delta.fingerprint,
        });
      }
      this.#changedIncidents.add(group);
      if (isNew || delta.blocks.length > 0) this.events.incident(group);
    }
    return 'recorded';
  }

  drop(what: string, count: number, now: number): void {
    if (count <= 0) return;
    const name = this.dropped.has(what) || this.dropped.size < COLLECTOR_LIMITS.droppedNames ? what : 'other';
    this.dropped.set(name, (this.dropped.get(name) ?? 0) + count);
    this.#droppedRecently.add(now, count);
  }

  /** Once a second: notices who fell silent, forgets who is long gone, and ends the second on the time axis. */
  endSecond(now: number): TimelinePoint {
    for (const entry of this.instances.all()) {
      const state = entry.state(now);
      if (state !== entry.shownState || state === 'blocked') this.#changedInstances.add(entry);
      entry.shownState = state;
    }
    this.instances.forgetGone(now);
    this.views.forgetIdle(now);
    const second = Math.floor(now / 1000) * 1000 - 1000;
    return this.timeline.close(second, this.#recentViews, this.#longestBlockMs(now));
  }

  /** The second that is still going on, for a delta that cannot wait. */
  peekSecond(now: number): TimelinePoint {
    const second = Math.floor(now / 1000) * 1000;
    return this.timeline.close(second, this.#recentViews, this.#longestBlockMs(now), true);
  }

  /** Each change is told once. Views count as changed while their last minute still moves. */
  takeChanges(now: number, limit: number): FleetChanges {
    const views = [...this.#recentViews].slice(0, limit);
    for (const view of views) {
      // To the end of the queue, so that beyond the limit all get their turn.
      this.#recentViews.delete(view);
      if (view.isRecent(now)) this.#recentViews.add(view);
    }
    return {
      views,
      incidents: takeFrom(this.#changedIncidents, limit),
      instances: takeFrom(this.#changedInstances, limit),
    };
  }

  overview(now: number): Overview {
    const loop = this.loop.summary(now);
    const { sentence, status, culprit } = this.#verdict(loop, now);
    let active = 0;
    for (const view of this.views.all()) active += view.active;
    return {
      verdict: sentence,
      status,
      culprit,
      at: now,
      active,
      requestsPerSecond: this.loop.requests(now) / this.#windowSeconds(now),
      loop: { ...loop, delayMaxMs: Math.max(loop.delayMaxMs, this.#longestBlockMs(now)) },
      instances: this.instances.counts(now),
      incidents: { open: this.incidents.open, total: this.incidents.size },
      dropped: Object.fromEntries(this.dropped),
      observer: { busyShare: this.loop.observerShare(now) },
      collector: { version: VERSION, startedAt: this.startedAt },
    };
  }

  viewSummary(view: ViewTotals, now: number): ViewSummary {
    return view.summary(now, this.#windowSeconds(now), this.incidents.openIn(view.service, view.name));
  }

  /** The views with the largest share of the loop first. */
  viewSummaries(now: number): ViewSummary[] {
    const views = Array.from(this.views.all(), (view) => this.viewSummary(view, now));
    return views.sort((a, b) => b.busyShare - a.busyShare || b.busyMs - a.busyMs || b.requests - a.requests);
  }

  incidentSummaries(now: number, limit: number): IncidentSummary[] {
    return this.incidents
      .worstFirst()
      .slice(0, limit)
      .map((group) => group.summary(now));
  }

  /** Those that need a person first: blocked, silent, ok, gone. */
  instanceSummaries(now: number): InstanceSummary[] {
    const all = Array.from(this.instances.all(), (entry) => entry.summary(now));
    return all.sort(
      (a, b) => STATE_ORDER[a.state] - STATE_ORDER[b.state] || compare(a.service, b.service) || compare(a.id, b.id),
    );
  }

  #entryOf(instance: Report['instance'], now: number): InstanceEntry | null {
    const entry = this.instances.of(instance, now);
    if (entry === null) this.drop('instances', 1, now);
    return entry;
  }

  #viewOf(entry: InstanceEntry, report: ViewReport): ViewTotals {
    const { service } = entry.instance;
    const key = viewKey(service, report.view);
    if (!entry.viewKeys.has(key)) {
      // One more than an honest process sends, whose own `(other)` comes on top of its limit.
      if (entry.viewKeys.size > LIMITS.views) return this.#foldView(service);
      entry.viewKeys.add(key);
    }
    const view = this.views.of(service, report.view);
    if (view.view.route !== report.view.route) this.dropped.set('views', (this.dropped.get('views') ?? 0) + 1);
    return view;
  }

  #foldView(service: string): ViewTotals {
    this.dropped.set('views', (this.dropped.get('views') ?? 0) + 1);
    return this.views.other(service);
  }

  /** The windows hold a minute, but not more than was watched, and one report covers about a second. */
  #windowSeconds(now: number): number {
    if (this.#watchedSince === 0) return 60;
    return Math.min(60, Math.max(5, (now - this.#watchedSince) / 1000 + 1));
  }

  #blocked(now: number): InstanceEntry[] {
    const blocked: InstanceEntry[] = [];
    for (const entry of this.instances.all()) if (entry.state(now) === 'blocked') blocked.push(entry);
    return blocked.sort((a, b) => b.blockedForMs(now) - a.blockedForMs(now));
  }

  #longestBlockMs(now: number): number {
    return this.#blocked(now)[0]?.blockedForMs(now) ?? 0;
  }

  #verdict(loop: OverviewLoop, now: number): Verdict {
    const recent = this.incidents.recent(now);
    const incidents: IncidentFact[] = [];
    for (const group of recent) {
      if (group.state !== 'open') continue;
      const facts = group.recent(now);
      if (facts.count === 0) continue;
      const { fingerprint, service, kind, operation, cause, site } = group;
      incidents.push({ fingerprint, service, kind, operation, cause, site, view: group.viewName, ...facts });
    }
    let heardAt = 0;
    for (const entry of this.instances.all()) heardAt = Math.max(heardAt, entry.heardAt);
    const windowSeconds = this.#windowSeconds(now);
    return verdict({
      instances: this.instances.counts(now),
      blocked: this.#blocked(now).map((entry) => this.#blockedFact(entry, recent, now)),
      incidents,
      windowSeconds,
      requestsPerSecond: this.loop.requests(now) / windowSeconds,
      delayP99Ms: loop.delayP99Ms,
      utilization: loop.utilization,
      blockedShare: loop.blockedShare,
      droppedRecently: this.#droppedRecently.total(now),
      quietForMs: now - heardAt,
    });
  }

  #blockedFact(entry: InstanceEntry, recent: readonly IncidentGroup[], now: number): BlockedFact {
    const { service, pid } = entry.instance;
    const view = entry.blocked?.view ?? null;
    const name = view === null ? null : viewName(view);
    const cause = recent.findLast((group) => group.service === service && group.viewName === name);
    return {
      service,
      pid,
      view: name,
      forMs: entry.blockedForMs(now),
      active: entry.summary(now).active,
      fingerprint: cause?.fingerprint ?? null,
    };
  }
}

const STATE_ORDER = { blocked: 0, silent: 1, ok: 2, gone: 3 } as const;

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function takeFrom<T>(set: Set<T>, limit: number): T[] {
  const taken: T[] = [];
  for (const entry of set) {
    if (taken.length >= limit) break;
    taken.push(entry);
    set.delete(entry);
  }
  return taken;
}
