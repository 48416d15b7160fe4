import type { IncidentState, IncidentSummary } from './api.js';
import { BLOCK_OPERATION, type Category, type Cause, type IncidentKind } from './incident.js';
import { viewName } from './view.js';

/** Which incident groups somebody asks for. What is left out lets everything through. */
export interface IncidentFilter {
  /** Words, of which each must be somewhere in what a person reads of the incident; case does not matter. */
  readonly text?: string | undefined;
  readonly service?: string | undefined;
  /** The view's name, `GET /books/:id`. */
  readonly view?: string | undefined;
  readonly kind?: IncidentKind | undefined;
  readonly category?: Category | undefined;
  readonly cause?: Cause | undefined;
  readonly state?: IncidentState | undefined;
}

/** The collector and the page agree on what a filter means, so that what is asked of the one is found by the other. */
export function matchesFilter(incident: IncidentSummary, filter: IncidentFilter): boolean {
  return (
    isIn(filter.service, incident.service) &&
    isIn(filter.view, viewName(incident.view)) &&
    isIn(filter.kind, incident.kind) &&
    isIn(filter.category, incident.category) &&
    isIn(filter.cause, incident.cause) &&
    isIn(filter.state, incident.state) &&
    hasText(incident, filter.text)
  );
}

/** `fs.readFileSync`; for a block of plain code, whose operation has no name, what people call it. */
export function operationWords({ operation, cause }: Pick<IncidentSummary, 'operation' | 'cause'>): string {
  if (operation !== BLOCK_OPERATION) return operation;
  return { code: 'long-running code', gc: 'garbage collection', host: 'machine gave no time' }[cause];
}

function isIn(wanted: string | undefined, found: string): boolean {
  return wanted === undefined || wanted === found;
}

function hasText(incident: IncidentSummary, text = ''): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const { site, view } = incident;
  const hay = [operationWords(incident), incident.operation, viewName(view), view.handler, site.function]
    .concat(`${site.file}:${site.line}`, incident.owner, incident.service, incident.category)
    .join(' ')
    .toLowerCase();
  return words.every((word) => hay.includes(word));
}
