import type { IncidentBatch, IncidentState, Report, TimelinePoint, ViewReport } from '../protocol/index.js';
import { LIMITS } from '../protocol/index.js';
import { admitBatch, admitReport } from './admission.js';
import { FleetChanges } from './fleet-changes.js';
import { FleetMetrics } from './fleet-metrics.js';
import type { IncidentGroup } from './incident-group.js';
import { IncidentTable } from './incidents.js';
import type { InstanceEntry } from './instance-entry.js';
import { InstanceTable } from './instances.js';
import { LoopTotals } from './loop-totals.js';
import { Losses } from './losses.js';
import type { StoredGroup } from './store/store.js';
import { Timeline } from './timeline.js';
import { Unsaved } from './unsaved.js';
import { UntoldHolds } from './untold-holds.js';
import { ViewTable, type ViewTotals, viewKey } from './views.js';

/** What happens between two deltas and should not wait for the next one. */
export interface FleetEvents {
  /** A new group, or one that just held the loop. */
  incident(group: IncidentGroup): void;
  /** A loop that was free is held now, or the other way round. */
  blockedChanged(): void;
}

/** `duplicate`: it was counted already. `no room`: it is of one process more than are kept. */
export type Recorded = 'recorded' | 'duplicate' | 'no room';

const TOLD_OTHERWISE = 'The process went on, and told of this time under other names.';

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
  readonly losses = new Losses();
  /** What the page does not have yet. */
  readonly changes = new FleetChanges();
  /** What the store does not have yet. */
  readonly unsaved = new Unsaved();
  readonly startedAt: number;
  readonly #untold = new UntoldHolds();
  events: FleetEvents = { incident: () => {}, blockedChanged: () => {} };
  /** When the first process reported; the windows are not longer than what was watched. */
  #watchedSince = 0;

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
    this.changes.instances.add(entry);

    let requests = 0;
    const gauges = new Map<ViewTotals, { active: number; activePeak: number }>();
    for (const viewReport of report.views) {
      const view = this.#viewOf(entry, viewReport);
      view.record(viewReport, report.instance.id, now);
      this.metrics.record(view, viewReport);
      this.changes.views.add(view);
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
    for (const each of report.dropped) this.losses.record(each.what, each.count, now);
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
        this.losses.record('incidents', delta.count + delta.coldCount, now);
        continue;
      }
      entry.fingerprints.add(delta.fingerprint);
      const seenAt = entry.toCollectorTime(delta.lastSeen, now);
      const { group, isNew, evicted, droppedSamples } = this.incidents.record(delta, batch.instance, seenAt, now);
      if (evicted) this.losses.record('incidents', 1, now);
      if (droppedSamples > 0) this.losses.record('samples', droppedSamples, now);
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
      this.#untold.heard(group, entry);
      this.unsaved.groups.add(group);
      this.changes.incidents.add(group);
      if (isNew || delta.blocks.length > 0) this.events.incident(group);
    }
    return 'recorded';
  }

  /** A person's decision about a group. */
  decide(group: IncidentGroup, state: IncidentState, reason: string, now: number): void {
    this.incidents.decide(group, state, reason, now);
    this.unsaved.groups.add(group);
    this.changes.incidents.add(group);
    this.events.incident(group);
  }

  /** Takes in what other collectors saved of groups that they share with this one. */
  restoreGroup(stored: StoredGroup): void {
    const before = this.incidents.get(stored.service, stored.fingerprint)?.version;
    const group = this.incidents.restore(stored);
    // Most of what is read is what this collector itself just saved.
    if (group !== null && group.version !== before) this.changes.incidents.add(group);
  }

  /** Once a second: notices who fell silent, forgets who is long gone, and ends the second on the time axis. */
  endSecond(now: number): TimelinePoint {
    for (const entry of this.instances.all()) {
      const state = entry.state(now);
      if (state !== entry.shownState || state === 'blocked') this.changes.instances.add(entry);
      entry.shownState = state;
    }
    this.#resolveUntold(now);
    this.instances.forgetGone(now);
    this.views.forgetIdle(now);
    const second = Math.floor(now / 1000) * 1000 - 1000;
    return this.timeline.close(second, this.changes.views, this.longestBlockMs(now));
  }

  /** The second that is still going on, for a delta that cannot wait. */
  peekSecond(now: number): TimelinePoint {
    const second = Math.floor(now / 1000) * 1000;
    return this.timeline.close(second, this.changes.views, this.longestBlockMs(now), true);
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

  #resolveUntold(now: number): void {
    for (const group of this.#untold.takeSettled(now)) {
      const isKept = this.incidents.get(group.service, group.fingerprint) === group;
      if (isKept && group.state === 'open') this.decide(group, 'resolved', TOLD_OTHERWISE, now);
    }
  }

  #entryOf(instance: Report['instance'], now: number): InstanceEntry | null {
    const entry = this.instances.of(instance, now);
    if (entry === null) this.losses.record('instances', 1, now);
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
    if (view.key !== key) this.losses.count('views', 1);
    // The view's own text, which all of its instances share.
    else if (!isKnown) entry.viewKeys.add(view.key);
    return view;
  }

  #foldView(service: string): ViewTotals {
    this.losses.count('views', 1);
    return this.views.other(service);
  }
}
