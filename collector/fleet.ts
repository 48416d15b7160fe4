import type { IncidentBatch, IncidentState, Report, TimelinePoint, ViewReport } from '../protocol/index.js';
import { LIMITS } from '../protocol/index.js';
import { admitBatch, admitReport } from './admission.js';
import { FleetMetrics } from './fleet-metrics.js';
import type { IncidentGroup } from './incident-group.js';
import { IncidentTable } from './incidents.js';
import { type InstanceEntry, InstanceTable } from './instances.js';
import { COLLECTOR_LIMITS } from './limits.js';
import { LoopTotals } from './loop-totals.js';
import type { StoredGroup, StoredState } from './store/store.js';
import { Timeline } from './timeline.js';
import { Unsaved } from './unsaved.js';
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
  /** What the store does not have yet. */
  readonly unsaved = new Unsaved();
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
    const report = admitReport(raw);
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
    this.unsaved.senders.add(entry);
    this.#watchedSince ||= now;
    this.#changedInstances.add(entry);

    let requests = 0;
    const gauges = new Map<ViewTotals, { active: number; activePeak: number }>();
    for (const viewReport of report.views) {
      const view = this.#viewOf(entry, viewReport);
      view.record(viewReport, report.instance.id, now);
      this.metrics.record(view, viewReport);
      this.#recentViews.add(view);
      this.unsaved.views.add(view);
      requests += viewReport.duration.count;
      const held = gauges.get(view) ?? { active: 0, activePeak: 0 };
      gauges.set(view, {
        active: held.active + viewReport.active,
        activePeak: held.activePeak + viewReport.activePeak,
      });
    }
    this.loop.record(report, requests, now);
    this.metrics.blockedSeconds += report.loop.blockedSeconds;
    this.metrics.attributedSeconds += report.loop.attributedSeconds;
    this.metrics.observerSeconds += report.observer.busySeconds;
    this.timeline.recordLoop(report.loop.delay, report.loop.blocked === null ? report.loop.utilization : 1);
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
    this.unsaved.senders.add(entry);
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
      if (evicted) this.drop('incidents', 1, now);
      if (droppedSamples > 0) this.drop('samples', droppedSamples, now);
      for (const block of delta.blocks) {
        this.timeline.recordBlock({
          at: entry.toCollectorTime(block.at, now),
          durationMs: block.durationMs,
          view: group.viewName,
          operation: delta.operation,
          fingerprint: delta.fingerprint,
          service: group.service,
        });
      }
      this.unsaved.groups.add(group);
      this.#changedIncidents.add(group);
      if (isNew || delta.blocks.length > 0) this.events.incident(group);
    }
    return 'recorded';
  }

  /** A person's decision about a group. */
  decide(group: IncidentGroup, state: IncidentState, reason: string, now: number): void {
    this.incidents.decide(group, state, reason, now);
    this.unsaved.groups.add(group);
    this.#changedIncidents.add(group);
    this.events.incident(group);
  }

  /** Goes on where an earlier run stopped. Before the first report. */
  restore(state: StoredState, now: number): void {
    for (const stored of state.groups) this.incidents.restore(stored);
    for (const total of state.totals) {
      if (total.type === 'view') this.views.of(total.service, total.view).restore(total);
      else if (total.type === 'counters') this.#restoreCounters(total.counters);
      else this.metrics.restore(total);
    }
    for (const sender of state.senders) this.instances.expect(sender);
    this.timeline.restore(state.seconds.filter(({ at }) => at < now));
  }

  /** Takes in what other collectors saved of groups that they share with this one. */
  restoreGroup(stored: StoredGroup): void {
    const before = this.incidents.get(stored.service, stored.fingerprint)?.version;
    const group = this.incidents.restore(stored);
    // Most of what is read is what this collector itself just saved.
    if (group !== null && group.version !== before) this.#changedIncidents.add(group);
  }

  /** Everything that `/metrics` counts and that is not a histogram. */
  counters(): Record<string, number> {
    const counters: Record<string, number> = { ...this.metrics.counters() };
    for (const [what, count] of this.dropped) counters[`dropped ${what}`] = count;
    return counters;
  }

  #restoreCounters(counters: Readonly<Record<string, number>>): void {
    this.metrics.restoreCounters(counters);
    for (const [name, count] of Object.entries(counters)) {
      if (name.startsWith('dropped ')) this.dropped.set(name.slice('dropped '.length), count);
    }
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
    return this.timeline.close(second, this.#recentViews, this.longestBlockMs(now));
  }

  /** The second that is still going on, for a delta that cannot wait. */
  peekSecond(now: number): TimelinePoint {
    const second = Math.floor(now / 1000) * 1000;
    return this.timeline.close(second, this.#recentViews, this.longestBlockMs(now), true);
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

  /** The windows hold a minute, but not more than was watched, and one report covers about a second. */
  windowSeconds(now: number): number {
    if (this.#watchedSince === 0) return 60;
    return Math.min(60, Math.max(5, (now - this.#watchedSince) / 1000 + 1));
  }

  /** The loops held right now, the longest first. */
  blocked(now: number): InstanceEntry[] {
    const blocked: InstanceEntry[] = [];
    for (const entry of this.instances.all()) if (entry.state(now) === 'blocked') blocked.push(entry);
    return blocked.sort((a, b) => b.blockedForMs(now) - a.blockedForMs(now));
  }

  longestBlockMs(now: number): number {
    return this.blocked(now)[0]?.blockedForMs(now) ?? 0;
  }

  /** How many items were not kept in the last minute. */
  droppedRecently(now: number): number {
    return this.#droppedRecently.total(now);
  }

  #entryOf(instance: Report['instance'], now: number): InstanceEntry | null {
    const entry = this.instances.of(instance, now);
    if (entry === null) this.drop('instances', 1, now);
    return entry;
  }

  #viewOf(entry: InstanceEntry, report: ViewReport): ViewTotals {
    const { service } = entry.instance;
    const known = this.views.known(service, report.view);
    if (known !== undefined && entry.viewKeys.has(known.key)) return known;
    const key = viewKey(service, report.view);
    // One more than an honest process sends, whose own `(other)` comes on top of its limit.
    const isKnown = entry.viewKeys.has(key);
    if (!isKnown && entry.viewKeys.size > LIMITS.views) return this.#foldView(service);
    const view = this.views.of(service, report.view);
    if (view.key !== key) this.dropped.set('views', (this.dropped.get('views') ?? 0) + 1);
    // The view's own text, which all of its instances share.
    else if (!isKnown) entry.viewKeys.add(view.key);
    return view;
  }

  #foldView(service: string): ViewTotals {
    this.dropped.set('views', (this.dropped.get('views') ?? 0) + 1);
    return this.views.other(service);
  }
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
