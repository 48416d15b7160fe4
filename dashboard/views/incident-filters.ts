import type { IncidentFilter, IncidentSummary } from '../../protocol/index.js';
import { queryOf } from '../router.js';

/** What narrows the list, by its name in the address. The collector's API has the same names. */
export const FILTERS = ['q', 'view', 'service', 'kind', 'category', 'cause'] as const;

/** What the address asks for, as parameters of the API. Only open incidents, unless it says otherwise. */
export function askedFor(): Record<string, string> {
  const asked: Record<string, string> = Object.fromEntries(FILTERS.map((name) => [name, queryOf(name)]));
  const state = queryOf('state') || 'open';
  return { ...asked, state: state === 'any' ? '' : state };
}

/** Parameters of the API as a filter: an empty one lets everything through. */
export function toFilter({ q, ...rest }: Readonly<Record<string, string>>): IncidentFilter {
  return { text: q, ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== '')) };
}

/** `steady` is what somebody can act on in code; first-time work and the machine's own doing are shown apart from it. */
export type Part = 'steady' | 'cold' | 'machine';

export function partOf(incident: IncidentSummary): Part {
  if (incident.cause === 'host') return 'machine';
  // Neither count: a hold that was seen while it lasted and whose end is not told yet.
  return incident.count === 0 && incident.coldCount > 0 ? 'cold' : 'steady';
}

export const SORTS = {
  delayed: { label: 'Delayed time', compare: byDelayedTime },
  count: { label: 'Count', compare: (a: IncidentSummary, b: IncidentSummary) => b.count - a.count },
  longest: { label: 'Longest hold', compare: (a: IncidentSummary, b: IncidentSummary) => b.maxMs - a.maxMs },
  held: { label: 'Time held in all', compare: (a: IncidentSummary, b: IncidentSummary) => b.totalMs - a.totalMs },
  recent: { label: 'Last seen', compare: (a: IncidentSummary, b: IncidentSummary) => b.lastSeen - a.lastSeen },
} as const;

export type SortName = keyof typeof SORTS;

/** Worst first; where nobody waited, what held the loop longest; then a fixed order, so that rows do not dance. */
export function byDelayedTime(a: IncidentSummary, b: IncidentSummary): number {
  return b.delayedMs - a.delayedMs || b.totalMs - a.totalMs || (a.fingerprint < b.fingerprint ? -1 : 1);
}

/** The distinct values of something, sorted, for a choice. */
export function choices(incidents: readonly IncidentSummary[], of: (incident: IncidentSummary) => string): string[] {
  return [...new Set(incidents.map(of))].filter(Boolean).sort();
}
