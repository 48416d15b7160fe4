import { type Signal, signal, useComputed, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { IncidentDetail, IncidentSummary } from '../protocol/index.js';
import { incidentUrl } from './addresses.js';
import { incidents, openedFile, pausedAt } from './store.js';

export type Detail =
  | { readonly state: 'loading' }
  | { readonly state: 'missing' }
  | { readonly state: 'failed'; readonly why: string }
  | { readonly state: 'ready'; readonly incident: IncidentDetail };

/** An incident that keeps happening is asked for again at most this often. */
const REFRESH_MS = 2_000;

/** The incidents that the opened file holds whole. */
export const detailsOfFile = signal<readonly IncidentDetail[]>([]);

/** One incident whole, asked for again when the live feed says that it changed. Stands still while the page does. */
export function useIncidentDetail(fingerprint: string, service: string): Signal<Detail> {
  const detail = useSignal<Detail>({ state: 'loading' });
  const seen = useComputed(() => {
    const summary = incidents.value.find((incident) => isOf(incident, fingerprint, service));
    return `${summary?.count} ${summary?.coldCount} ${summary?.state} ${summary?.stateSince}`;
  });
  const askedAt = useSignal(0);
  useEffect(() => {
    if (openedFile.value !== null) {
      const kept = detailsOfFile.peek().find((each) => isOf(each, fingerprint, service));
      detail.value =
        kept === undefined
          ? { state: 'failed', why: 'The file holds only the row of this incident, not its samples.' }
          : { state: 'ready', incident: kept };
      return;
    }
    if (detail.peek().state === 'ready' && pausedAt.peek() !== null) return;
    const abort = new AbortController();
    // The feed's snapshot may come while the first answer is on its way; nobody is to wait for that.
    const wait = detail.peek().state === 'ready' ? Math.max(0, askedAt.peek() + REFRESH_MS - Date.now()) : 0;
    const timer = setTimeout(async () => {
      askedAt.value = Date.now();
      const next = await askDetail(fingerprint, service, abort.signal);
      if (abort.signal.aborted) return;
      // What is shown is better than nothing: a failed refresh does not take it away.
      if (next.state === 'ready' || detail.peek().state !== 'ready') detail.value = next;
    }, wait);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [fingerprint, service, seen.value, openedFile.value, detailsOfFile.value]);
  return detail;
}

function isOf(incident: IncidentSummary, fingerprint: string, service: string): boolean {
  return incident.fingerprint === fingerprint && (service === '' || incident.service === service);
}

export async function askDetail(
  fingerprint: string,
  service: string,
  signal: AbortSignal | null = null,
): Promise<Detail> {
  try {
    const response = await fetch(incidentUrl(fingerprint, service), {
      signal,
      headers: { accept: 'application/json' },
    });
    if (response.status === 404) return { state: 'missing' };
    if (!response.ok) return { state: 'failed', why: `The collector answered ${response.status}.` };
    return { state: 'ready', incident: (await response.json()) as IncidentDetail };
  } catch {
    return { state: 'failed', why: 'The collector does not answer.' };
  }
}
