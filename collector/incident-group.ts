import {
  type CodeFrame,
  type IncidentDelta,
  type IncidentDetail,
  type IncidentState,
  type IncidentSummary,
  type Instance,
  type InstanceRef,
  LIMITS,
  type SampleDetail,
  viewName,
} from '../protocol/index.js';
import { SumWindow } from './windows.js';

const TREND_SLOTS = 30;
const SLOT_MS = 10_000;
/** Six slots of 10 s: the verdict's last minute. */
const RECENT_SLOTS = 6;
const SEEN_ON_LIMIT = 100;
/** How many instances are told apart when the verdict shares out what a group held in the last minute. */
const RECENT_INSTANCES = 256;

/** What a group did in the last 50 to 60 seconds. */
export interface RecentIncident {
  /** Steady occurrences. */
  readonly count: number;
  readonly heldMs: number;
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
  readonly firstSeen: number;
  lastSeen: number;
  /** On the collector's clock. */
  heardAt = 0;
  count = 0;
  coldCount = 0;
  thrownCount = 0;
  totalMs = 0;
  maxMs = 0;
  delayedRequests = 0;
  delayedMs = 0;
  instances = 0;
  samples: readonly SampleDetail[] = [];
  /** What it is; the newest report says, because a new version may have moved the line. */
  #latest: IncidentDelta;
  #codeFrame: CodeFrame | null = null;
  readonly #seenOn = new Map<string, InstanceRef>();
  readonly #recentInstances = new Map<string, number>();
  readonly #trend = new SumWindow(TREND_SLOTS, SLOT_MS);
  readonly #counts = new SumWindow(RECENT_SLOTS, SLOT_MS);
  readonly #held = new SumWindow(RECENT_SLOTS, SLOT_MS);
  readonly #delayed = new SumWindow(RECENT_SLOTS, SLOT_MS);
  readonly #delayedRequests = new SumWindow(RECENT_SLOTS, SLOT_MS);

  constructor(key: string, service: string, delta: IncidentDelta, seenAt: number) {
    this.key = key;
    this.service = service;
    this.fingerprint = delta.fingerprint;
    this.viewName = viewName(delta.view);
    this.firstSeen = seenAt;
    this.lastSeen = seenAt;
    this.#latest = delta;
  }

  get kind(): IncidentDelta['kind'] {
    return this.#latest.kind;
  }
  get cause(): IncidentDelta['cause'] {
    return this.#latest.cause;
  }
  get operation(): string {
    return this.#latest.operation;
  }
  get site(): IncidentDelta['site'] {
    return this.#latest.site;
  }
  /** What a person allowed, with a reason, is shown but complained of no more. */
  get state(): IncidentState {
    return this.#latest.allowed === '' ? 'open' : 'ignored';
  }

  /** Adds an instance's increments; answers how many samples found no room. */
  record(delta: IncidentDelta, instance: Instance, seenAt: number, now: number, sampleLimit: number): number {
    // Samples, marks and source lines are kept apart, within their own limits.
    this.#latest = { ...delta, samples: [], blocks: [], codeFrame: null };
    this.#codeFrame = delta.codeFrame ?? this.#codeFrame;
    this.heardAt = now;
    this.lastSeen = Math.max(this.lastSeen, seenAt);
    this.count += delta.count;
    this.coldCount += delta.coldCount;
    this.thrownCount += delta.thrownCount;
    this.totalMs += delta.totalMs;
    this.maxMs = Math.max(this.maxMs, delta.maxMs);
    this.delayedRequests += delta.delayedRequests;
    this.delayedMs += delta.delayedMs;
    this.#trend.add(now, delta.count + delta.coldCount);
    this.#counts.add(now, delta.count);
    if (delta.count > 0) {
      this.#held.add(now, delta.totalMs);
      this.#delayed.add(now, delta.delayedMs);
      this.#delayedRequests.add(now, delta.delayedRequests);
    }
    if (this.#recentInstances.size < RECENT_INSTANCES || this.#recentInstances.has(instance.id)) {
      this.#recentInstances.set(instance.id, now);
    }
    this.#seeOn(instance);
    return this.#keepWorst(delta, instance.id, sampleLimit);
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
      delayedRequests: this.#delayedRequests.total(now),
      delayedMs: this.#delayed.total(now),
      instances: Math.max(1, this.#recentInstances.size),
    };
  }

  summary(now: number): IncidentSummary {
    const { kind, operation, category, cause, view, site, owner, alternative, allowed } = this.#latest;
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
      count: this.count,
      coldCount: this.coldCount,
      thrownCount: this.thrownCount,
      totalMs: this.totalMs,
      maxMs: this.maxMs,
      delayedRequests: this.delayedRequests,
      delayedMs: this.delayedMs,
      firstSeen: this.firstSeen,
      lastSeen: this.lastSeen,
      instances: this.instances,
      alternative,
      state: this.state,
      trend: this.#trend.values(now),
    };
  }

  detail(now: number): IncidentDetail {
    return {
      ...this.summary(now),
      samples: this.samples,
      codeFrame: this.#codeFrame,
      seenOn: [...this.#seenOn.values()].reverse(),
    };
  }

  /** The latest instances, newest last. */
  #seeOn({ id, host, pid, serviceVersion }: Instance): void {
    this.#seenOn.delete(id);
    this.#seenOn.set(id, { id, host, pid, serviceVersion });
    if (this.#seenOn.size > SEEN_ON_LIMIT) this.#seenOn.delete(this.#seenOn.keys().next().value as string);
  }

  /** The worst samples by what others waited, then by how long they held; less room than usual is a loss to count. */
  #keepWorst(delta: IncidentDelta, instance: string, limit: number): number {
    if (delta.samples.length === 0) return 0;
    const samples = [...this.samples, ...delta.samples.map((sample) => ({ ...sample, instance }))];
    samples.sort((a, b) => delayedMsOf(b) - delayedMsOf(a) || b.durationMs - a.durationMs || b.at - a.at);
    this.samples = samples.slice(0, limit);
    return Math.max(0, Math.min(samples.length, LIMITS.samplesPerGroup) - limit);
  }
}

function delayedMsOf(sample: SampleDetail): number {
  return sample.delayed.reduce((sum, each) => sum + each.delayedMs, 0);
}
