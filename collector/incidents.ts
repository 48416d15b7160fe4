import { type IncidentDelta, type IncidentState, type Instance, LIMITS } from '../protocol/index.js';
import { IncidentGroup } from './incident-group.js';
import { COLLECTOR_LIMITS } from './limits.js';
import type { StoredGroup } from './store/store.js';

/** All incident groups, bounded; the one not seen for longest makes room. */
export class IncidentTable {
  /** In the order in which they were last heard of: the first is the one to forget. */
  readonly #groups = new Map<string, IncidentGroup>();
  readonly #openByView = new Map<string, number>();
  readonly #recent = new Set<IncidentGroup>();
  /** Those that have samples in memory, in the same order. */
  readonly #withSamples = new Set<IncidentGroup>();
  readonly #limit: number;
  #open = 0;
  #sampleBytes = 0;
  #sorted: readonly IncidentGroup[] | null = null;

  /** Whether a sample that is forgotten here is still in the store. */
  samplesAreStored = false;

  constructor(limit: number = COLLECTOR_LIMITS.incidentGroups) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#groups.size;
  }

  get open(): number {
    return this.#open;
  }

  openIn(service: string, view: string): number {
    return this.#openByView.get(`${service}\n${view}`) ?? 0;
  }

  /** How many samples each group may keep now. */
  get sampleLimit(): number {
    const share = Math.floor(COLLECTOR_LIMITS.samples / Math.max(1, this.#groups.size));
    return Math.min(LIMITS.samplesPerGroup, Math.max(2, share));
  }

  get(service: string, fingerprint: string): IncidentGroup | undefined {
    return this.#groups.get(keyOf(service, fingerprint));
  }

  /** The group of this fingerprint in whichever service it is worst. */
  find(fingerprint: string): IncidentGroup | undefined {
    return this.worstFirst().find((group) => group.fingerprint === fingerprint);
  }

  /** Adds an instance's increments; `evicted` is true when another group had to make room. */
  record(
    delta: IncidentDelta,
    instance: Instance,
    seenAt: number,
    now: number,
  ): { group: IncidentGroup; isNew: boolean; evicted: boolean; droppedSamples: number } {
    const key = keyOf(instance.service, delta.fingerprint);
    let group = this.#groups.get(key);
    const isNew = group === undefined;
    const evicted = isNew && this.#groups.size >= this.#limit && this.#evict();
    group ??= new IncidentGroup(key, instance.service, delta, seenAt);
    if (!isNew) this.#countOpen(group, -1);
    this.#forgetWeight(group);
    const noRoom = group.record(delta, instance, seenAt, now, this.sampleLimit);
    const droppedSamples = noRoom + this.#weigh(group);
    this.#countOpen(group, 1);
    this.#groups.delete(key);
    this.#groups.set(key, group);
    this.#recent.add(group);
    this.#sorted = null;
    return { group, isNew, evicted, droppedSamples };
  }

  decide(group: IncidentGroup, state: IncidentState, reason: string, now: number): void {
    this.#countOpen(group, -1);
    group.decisions.decide(state, reason, now);
    this.#countOpen(group, 1);
  }

  /** Takes in what the store knows of a group; null when there is no room for one more. */
  restore(stored: StoredGroup): IncidentGroup | null {
    const key = keyOf(stored.service, stored.fingerprint);
    let group = this.#groups.get(key);
    if (group === undefined) {
      if (this.#groups.size >= this.#limit) return null;
      group = IncidentGroup.restore(key, stored);
      this.#groups.set(key, group);
    } else {
      this.#countOpen(group, -1);
      group.restore(stored);
    }
    this.#countOpen(group, 1);
    this.#sorted = null;
    return group;
  }

  /** Those of the last minute. */
  recent(now: number): readonly IncidentGroup[] {
    for (const group of this.#recent) if (!group.isRecent(now)) this.#recent.delete(group);
    return [...this.#recent];
  }

  /** Sorted only when something changed since the last time. */
  worstFirst(): readonly IncidentGroup[] {
    this.#sorted ??= [...this.#groups.values()].sort(compareWorst);
    return this.#sorted;
  }

  #evict(): boolean {
    const oldest = this.#groups.values().next().value;
    if (oldest === undefined) return false;
    this.#groups.delete(oldest.key);
    this.#sorted = null;
    this.#recent.delete(oldest);
    this.#forgetWeight(oldest);
    oldest.samples.forget();
    this.#countOpen(oldest, -1);
    return true;
  }

  #forgetWeight(group: IncidentGroup): void {
    if (this.#withSamples.delete(group)) this.#sampleBytes -= group.samples.bytes;
  }

  /** Makes room for what a group has now; answers how many samples of others that cost. */
  #weigh(group: IncidentGroup): number {
    if (group.samples.bytes === 0) return 0;
    this.#withSamples.add(group);
    this.#sampleBytes += group.samples.bytes;
    let forgotten = 0;
    for (const oldest of this.#withSamples) {
      if (this.#sampleBytes <= COLLECTOR_LIMITS.sampleBytes) break;
      this.#forgetWeight(oldest);
      forgotten += oldest.samples.forget();
    }
    return this.samplesAreStored ? 0 : forgotten;
  }

  #countOpen(group: IncidentGroup, by: 1 | -1): void {
    if (group.state !== 'open') return;
    this.#open += by;
    const key = `${group.service}\n${group.viewName}`;
    const open = (this.#openByView.get(key) ?? 0) + by;
    if (open > 0) this.#openByView.set(key, open);
    else this.#openByView.delete(key);
  }
}

/** Where a group stands in the list: by what others waited, then by how long it held, then by name. */
export type IncidentRank = Pick<IncidentGroup, 'delayedMs' | 'totalMs' | 'key'>;

export function compareWorst(a: IncidentRank, b: IncidentRank): number {
  return b.delayedMs - a.delayedMs || b.totalMs - a.totalMs || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
}

function keyOf(service: string, fingerprint: string): string {
  return `${service}\n${fingerprint}`;
}
