import {
  type CodeFrame,
  type IncidentDelta,
  type IncidentDetail,
  type IncidentState,
  type IncidentSummary,
  type Instance,
  type InstanceRef,
  type VersionSeen,
  viewName,
} from '../protocol/index.js';
import { RunningTotals } from './group-totals.js';
import { IncidentDecisions } from './incident-decision.js';
import type { GroupChange, StoredGroup, StoredGroupDetail } from './store/store.js';
import { SumWindow } from './windows.js';
import { WorstSamples } from './worst-samples.js';

const TREND_SLOTS = 30;
const SLOT_MS = 10_000;
/** Six slots of 10 s: the verdict's last minute. */
const RECENT_SLOTS = 6;
const SEEN_ON_LIMIT = 100;
const VERSIONS_LIMIT = 20;
/** How many instances are told apart when the verdict shares out what a group held in the last minute. */
const RECENT_INSTANCES = 256;

/** What a group did in the last 50 to 60 seconds. */
export interface RecentIncident {
  /** Steady occurrences. */
  readonly count: number;
  readonly heldMs: number;
  /** What first-time work held, where it came alone. */
  readonly coldHeldMs: number;
  readonly delayedRequests: number;
  readonly delayedMs: number;
  /** How many instances it held, at least 1. */
  readonly instances: number;
}

/** One incident group: the same mistake of one service, wherever and however often it happens. */
export class IncidentGroup {
  readonly key: string;
  readonly service: string;
  readonly fingerprint: string;
  readonly viewName: string;
  readonly totals = new RunningTotals();
  readonly decisions = new IncidentDecisions();
  firstSeen: number;
  lastSeen: number;
  /** On the collector's clock; 0 when it is only known from the store. */
  heardAt = 0;
  readonly samples = new WorstSamples();
  /** What it is; the newest report says, because a new version may have moved the line. */
  #latest: IncidentDelta;
  #codeFrame: CodeFrame | null = null;
  readonly #seenOn = new Map<string, InstanceRef>();
  readonly #recentInstances = new Map<string, number>();
  readonly #trend = new SumWindow(TREND_SLOTS, SLOT_MS);
  readonly #counts = new SumWindow(RECENT_SLOTS, SLOT_MS);
  readonly #held = new SumWindow(RECENT_SLOTS, SLOT_MS);
  readonly #coldHeld = new SumWindow(RECENT_SLOTS, SLOT_MS);
  readonly #delayed = new SumWindow(RECENT_SLOTS, SLOT_MS);
  readonly #delayedRequests = new SumWindow(RECENT_SLOTS, SLOT_MS);

  readonly #versions = new Map<string, VersionSeen>();
  /** What the store does not have yet. */
  #unsaved = new RunningTotals();

  constructor(key: string, service: string, delta: IncidentDelta, seenAt: number) {
    this.key = key;
    this.service = service;
    this.fingerprint = delta.fingerprint;
    this.viewName = viewName(delta.view);
    this.firstSeen = seenAt;
    this.lastSeen = seenAt;
    this.#latest = delta;
  }

  /** A group that an earlier run, or another collector, has met. */
  static restore(key: string, stored: StoredGroup): IncidentGroup {
    const group = new IncidentGroup(key, stored.service, stored.body.latest, stored.firstSeen);
    group.restore(stored);
    return group;
  }

  get delayedMs(): number {
    return this.totals.delayedMs;
  }
  get totalMs(): number {
    return this.totals.totalMs;
  }
  get kind(): IncidentDelta['kind'] {
    return this.#latest.kind;
  }
  get cause(): IncidentDelta['cause'] {
    return this.#latest.cause;
  }
  get category(): IncidentDelta['category'] {
    return this.#latest.category;
  }
  get operation(): string {
    return this.#latest.operation;
  }
  get site(): IncidentDelta['site'] {
    return this.#latest.site;
  }
  /** What the code itself allows, with a reason, is shown but complained of no more. */
  get state(): IncidentState {
    return this.#latest.allowed === '' ? this.decisions.current.state : 'ignored';
  }

  /** Differs when anything of it that is counted or decided does. */
  get version(): string {
    const { count, coldCount, delayedRequests, instances } = this.totals;
    return [count, coldCount, delayedRequests, instances, this.decisions.current.atMs].join(' ');
  }

  /** False while all that is known of it was told by processes that were still held. */
  get isTold(): boolean {
    return this.totals.count + this.totals.coldCount > 0;
  }

  hasSeen(instanceId: string): boolean {
    return this.#seenOn.has(instanceId);
  }

  /** Adds an instance's increments; answers how many samples found no room. */
  record(delta: IncidentDelta, instance: Instance, seenAt: number, now: number, sampleLimit: number): number {
    const isNewInstance = !this.hasSeen(instance.id);
    // Samples, marks and source lines are kept apart, within their own limits.
    this.#latest = { ...delta, samples: [], blocks: [], codeFrame: null };
    this.#codeFrame = delta.codeFrame ?? this.#codeFrame;
    this.heardAt = now;
    this.lastSeen = Math.max(this.lastSeen, seenAt);
    for (const totals of [this.totals, this.#unsaved]) {
      totals.record(delta);
      if (isNewInstance) totals.instances++;
    }
    if (delta.count + delta.coldCount > 0) this.#seeIn(instance.serviceVersion, delta, seenAt);
    this.#trend.add(now, delta.count + delta.coldCount);
    this.#counts.add(now, delta.count);
    if (delta.count > 0) {
      this.#held.add(now, delta.totalMs);
      this.#delayed.add(now, delta.delayedMs);
      this.#delayedRequests.add(now, delta.delayedRequests);
    } else this.#coldHeld.add(now, delta.coldCount > 0 ? delta.totalMs : 0);
    if (this.#recentInstances.size < RECENT_INSTANCES || this.#recentInstances.has(instance.id)) {
      this.#recentInstances.set(instance.id, now);
    }
    this.#seeOn(instance);
    return this.samples.add(
      delta.samples.map((sample) => ({ ...sample, instance: instance.id })),
      sampleLimit,
    );
  }

  /** Brings it up to what the store has, which holds what others added; what is not saved yet comes on top. */
  restore({ firstSeen, lastSeen, totals, decision, body }: StoredGroup): void {
    this.firstSeen = Math.min(this.firstSeen, firstSeen);
    if (lastSeen >= this.lastSeen) this.#latest = body.latest;
    this.lastSeen = Math.max(this.lastSeen, lastSeen);
    this.#codeFrame ??= body.codeFrame;
    Object.assign(this.totals, totals);
    this.totals.add(this.#unsaved);
    this.decisions.restore(decision);
    for (const ref of body.seenOn) if (!this.#seenOn.has(ref.id)) this.#seenOn.set(ref.id, ref);
    for (const version of body.versions) {
      if (!this.#versions.has(version.serviceVersion)) this.#versions.set(version.serviceVersion, version);
    }
  }

  /** What the store does not have yet; from now on it counts as saved. */
  takeUnsaved(): GroupChange {
    const change = {
      service: this.service,
      fingerprint: this.fingerprint,
      firstSeen: this.firstSeen,
      lastSeen: this.lastSeen,
      totals: this.#unsaved.data(),
      decision: this.decisions.takeUnsaved(),
      samples: this.samples.takeUnsaved(),
      body: {
        latest: this.#latest,
        codeFrame: this.#codeFrame,
        seenOn: [...this.#seenOn.values()],
        versions: [...this.#versions.values()],
      },
    };
    this.#unsaved = new RunningTotals();
    return change;
  }

  isRecent(now: number): boolean {
    return now - this.heardAt <= RECENT_SLOTS * SLOT_MS;
  }

  recent(now: number): RecentIncident {
    for (const [id, at] of this.#recentInstances) {
      if (now - at > RECENT_SLOTS * SLOT_MS) this.#recentInstances.delete(id);
    }
    return {
      count: this.#counts.total(now),
      heldMs: this.#held.total(now),
      coldHeldMs: this.#coldHeld.total(now),
      delayedRequests: this.#delayedRequests.total(now),
      delayedMs: this.#delayed.total(now),
      instances: Math.max(1, this.#recentInstances.size),
    };
  }

  summary(now: number): IncidentSummary {
    const { kind, operation, category, cause, view, site, owner, alternative, allowed } = this.#latest;
    const decided = this.decisions.current;
    return {
      fingerprint: this.fingerprint,
      kind,
      operation,
      category,
      cause,
      service: this.service,
      view,
      site,
      owner,
      allowed,
      ...this.totals.data(),
      firstSeen: this.firstSeen,
      lastSeen: this.lastSeen,
      alternative,
      state: this.state,
      stateReason: allowed === '' ? decided.reason : allowed,
      stateSince: decided.atMs,
      regression: decided.regression,
      trend: this.#trend.values(now),
    };
  }

  /** With the samples and hours that the store has of it. */
  detail(now: number, stored: StoredGroupDetail): IncidentDetail {
    return {
      ...this.summary(now),
      samples: this.samples.with(stored.samples),
      codeFrame: this.#codeFrame,
      seenOn: [...this.#seenOn.values()].reverse(),
      versions: [...this.#versions.values()],
      hours: stored.hours,
    };
  }

  /** The latest versions, newest last. One that was not seen since the incident was resolved reopens it. */
  #seeIn(serviceVersion: string, delta: IncidentDelta, seenAt: number): void {
    const lastVersion = [...this.#versions.keys()].at(-1) ?? '';
    this.decisions.seen(seenAt, serviceVersion, lastVersion);
    const known = this.#versions.get(serviceVersion);
    this.#versions.delete(serviceVersion);
    this.#versions.set(serviceVersion, {
      serviceVersion,
      firstSeen: Math.min(known?.firstSeen ?? seenAt, seenAt),
      lastSeen: Math.max(known?.lastSeen ?? seenAt, seenAt),
      count: (known?.count ?? 0) + delta.count + delta.coldCount,
    });
    if (this.#versions.size > VERSIONS_LIMIT) this.#versions.delete(this.#versions.keys().next().value as string);
  }

  /** The latest instances, newest last. */
  #seeOn({ id, host, pid, serviceVersion }: Instance): void {
    this.#seenOn.delete(id);
    this.#seenOn.set(id, { id, host, pid, serviceVersion });
    if (this.#seenOn.size > SEEN_ON_LIMIT) this.#seenOn.delete(this.#seenOn.keys().next().value as string);
  }
}
