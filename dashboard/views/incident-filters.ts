import { type IncidentSummary, viewName } from '../../protocol/index.js';
import { operationName } from '../sentence.js';

/** What the incidents page's address holds. An empty value lets everything through. */
export interface IncidentFilter {
  readonly text: string;
  readonly view: string;
  readonly service: string;
  readonly kind: string;
  readonly cause: string;
  readonly category: string;
  readonly state: string;
}

export function matches(incident: IncidentSummary, filter: IncidentFilter): boolean {
  return (
    (filter.view === '' || viewName(incident.view) === filter.view) &&
    (filter.service === '' || incident.service === filter.service) &&
    (filter.kind === '' || incident.kind === filter.kind) &&
    (filter.cause === '' || incident.cause === filter.cause) &&
    (filter.category === '' || incident.category === filter.category) &&
    (filter.state === '' ? incident.state === 'open' : filter.state === 'any' || incident.state === filter.state) &&
    hasText(incident, filter.text)
  );
}

/** `steady` is what somebody can act on in code; first-time work and the machine's own doing are shown apart from it. */
export type Part = 'steady' | 'cold' | 'machine';

export function partOf(incident: IncidentSummary): Part {
  if (incident.cause === 'host') return 'machine';
  // Neither count: a hold that was seen while it lasted and whose end is not told yet.
  return incident.count === 0 && incident.coldCount > 0 ? 'cold' : 'steady';
}

/** Every word must be somewhere in what a person sees of the incident. */
function hasText(incident: IncidentSummary, text: string): boolean {
  if (text === '') return true;
  const { site, view } = incident;
  const hay = [operationName(incident), incident.operation, viewName(view), view.handler, site.function, site.file]
    .concat(`:${site.line}`, incident.owner, incident.service, incident.category)
    .join(' ')
    .toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => hay.includes(word));
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
