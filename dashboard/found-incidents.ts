import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { IncidentList, IncidentSummary } from '../protocol/index.js';
import { incidentKey } from './addresses.js';
import { incidents, openedFile, overview } from './store.js';

/** A few letters are typed before it is worth a question. Milliseconds. */
const TYPING_MS = 200;
const PAGE = 200;

export interface FoundIncidents {
  /** Those of the feed, which are newer, and those that were asked for. */
  readonly incidents: readonly IncidentSummary[];
  /** The keys of those that were asked for. */
  readonly asked: ReadonlySet<string>;
  /** Asks for the next page; null when that is all. */
  readonly more: (() => void) | null;
}

/** The feed tells the worst groups and those that change; a fleet may have many more. */
export function isAllKnown(): boolean {
  return openedFile.value !== null || incidents.value.length >= (overview.value?.incidents.total ?? 0);
}

/**
 * Every incident there is to a question, a page at a time.
 *
 * @param query the parameters of `GET api/v1/incidents`; null when the feed has told all
 * @param revision asks anew when it is another one
 */
export function useFoundIncidents(query: Readonly<Record<string, string>> | null, revision = 0): FoundIncidents {
  const found = useSignal<IncidentList>({ incidents: [], nextCursor: null });
  const key = query === null ? '' : JSON.stringify([query, revision]);
  useEffect(() => {
    if (query === null) return;
    const abort = new AbortController();
    const timer = setTimeout(() => load(query, found, abort.signal), TYPING_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [key]);
  const { incidents: told, nextCursor } = found.value;
  const fed = incidents.value;
  const { all, asked } = useMemo(() => joined(query === null ? [] : told, fed), [query === null, told, fed]);
  return {
    incidents: all,
    asked,
    more: query === null || nextCursor === null ? null : () => void load({ ...query, cursor: nextCursor }, found),
  };
}

/** What the feed told is newer. */
function joined(told: readonly IncidentSummary[], fed: readonly IncidentSummary[]) {
  if (told.length === 0) return { all: fed, asked: new Set<string>() };
  const byKey = new Map(told.map((incident) => [incidentKey(incident), incident]));
  const asked = new Set(byKey.keys());
  for (const incident of fed) byKey.set(incidentKey(incident), incident);
  return { all: [...byKey.values()], asked };
}

async function load(
  query: Readonly<Record<string, string>>,
  found: Signal<IncidentList>,
  signal: AbortSignal | null = null,
): Promise<void> {
  const url = new URL('api/v1/incidents', document.baseURI);
  const given = Object.entries({ limit: String(PAGE), ...query }).filter(([, value]) => value !== '');
  url.search = new URLSearchParams(given).toString();
  try {
    const response = await fetch(url, { signal, headers: { accept: 'application/json' } });
    if (!response.ok) return;
    const list = (await response.json()) as IncidentList;
    const before = query.cursor === undefined ? [] : found.peek().incidents;
    found.value = { ...list, incidents: [...before, ...list.incidents] };
  } catch {
    // What the feed has told is still shown.
  }
}
