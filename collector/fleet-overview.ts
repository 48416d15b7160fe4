import {
  type IncidentSummary,
  type Overview,
  type OverviewLoop,
  type ViewSummary,
  viewName,
} from '../protocol/index.js';
import type { Fleet } from './fleet.js';
import type { IncidentGroup } from './incident-group.js';
import type { InstanceEntry } from './instance-entry.js';
import { verdict } from './verdict.js';
import type { BlockedFact, IncidentFact, Verdict } from './verdict-facts.js';
import { VERSION } from './version.js';
import type { ViewTotals } from './views.js';

/** The fleet as people read it: worked out when somebody asks. */

export function overviewOf(fleet: Fleet, now: number): Overview {
  const loop = fleet.loop.summary(now);
  const { sentence, status, culprit } = verdictOf(fleet, loop, now);
  let active = 0;
  for (const view of fleet.views.all()) active += view.active;
  return {
    verdict: sentence,
    status,
    culprit: culprit?.fingerprint ?? null,
    culpritService: culprit?.service ?? null,
    at: now,
    active,
    requestsPerSecond: fleet.loop.requests(now) / fleet.windowSeconds(now),
    loop: { ...loop, delayMaxMs: Math.max(loop.delayMaxMs, fleet.longestBlockMs(now)) },
    instances: fleet.instances.counts(now),
    incidents: { open: fleet.incidents.open, total: fleet.incidents.size },
    dropped: Object.fromEntries(fleet.losses.all()),
    observer: { busyShare: fleet.loop.observerShare(now) },
    collector: { version: VERSION, startedAt: fleet.startedAt },
  };
}

export function viewSummary(fleet: Fleet, view: ViewTotals, now: number): ViewSummary {
  return view.summary(now, fleet.windowSeconds(now), fleet.incidents.openIn(view.service, view.name));
}

/** The views with the largest share of the loop first. */
export function rankedViews(fleet: Fleet, now: number): ViewTotals[] {
  const windowSeconds = fleet.windowSeconds(now);
  const ranked = Array.from(fleet.views.all(), (view) => ({ view, busyShare: view.busyShare(now, windowSeconds) }));
  ranked.sort(
    (a, b) => b.busyShare - a.busyShare || b.view.busy.sum - a.view.busy.sum || b.view.requests - a.view.requests,
  );
  return ranked.map(({ view }) => view);
}

/** Those that need a person first: blocked, silent, ok, gone. */
export function rankedInstances(fleet: Fleet, now: number): InstanceEntry[] {
  const ranked = Array.from(fleet.instances.all(), (entry) => ({ entry, order: STATE_ORDER[entry.state(now)] }));
  ranked.sort(
    (a, b) =>
      a.order - b.order ||
      compare(a.entry.instance.service, b.entry.instance.service) ||
      compare(a.entry.instance.id, b.entry.instance.id),
  );
  return ranked.map(({ entry }) => entry);
}

export function incidentSummaries(fleet: Fleet, now: number, limit: number): IncidentSummary[] {
  return fleet.incidents
    .worstFirst()
    .slice(0, limit)
    .map((group) => group.summary(now));
}

function verdictOf(fleet: Fleet, loop: OverviewLoop, now: number): Verdict {
  const recent = fleet.incidents.recent(now);
  const incidents: IncidentFact[] = [];
  const loading: IncidentFact[] = [];
  for (const group of recent) {
    if (group.state !== 'open') continue;
    const facts = group.recent(now);
    const { fingerprint, service, kind, operation, cause, site } = group;
    const fact = { fingerprint, service, kind, operation, cause, site, view: group.viewName, ...facts };
    if (facts.count > 0) incidents.push(fact);
    else if (group.category === 'module loading') loading.push({ ...fact, heldMs: facts.coldHeldMs });
  }
  let heardAt = 0;
  for (const entry of fleet.instances.all()) heardAt = Math.max(heardAt, entry.heardAt);
  const windowSeconds = fleet.windowSeconds(now);
  return verdict({
    instances: fleet.instances.counts(now),
    blocked: fleet.blocked(now).map((entry) => blockedFact(entry, recent, now)),
    incidents,
    loading,
    windowSeconds,
    requestsPerSecond: fleet.loop.requests(now) / windowSeconds,
    delayP99Ms: loop.delayP99Ms,
    utilization: loop.utilization,
    blockedShare: loop.blockedShare,
    droppedRecently: fleet.losses.recently(now),
    quietForMs: now - heardAt,
  });
}

function blockedFact(entry: InstanceEntry, recent: readonly IncidentGroup[], now: number): BlockedFact {
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

const STATE_ORDER = { blocked: 0, silent: 1, ok: 2, gone: 3 } as const;

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
