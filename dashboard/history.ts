import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { TimelineHistory } from '../protocol/index.js';
import { openedFile, pausedAt } from './store.js';

/** A range that ends now is asked for again when a new point is due, but not more often than this. */
const LEAST_REFRESH_MS = 5_000;
const RETRY_MS = 15_000;

export interface HistoryQuestion {
  /** The span's length, or where it begins and ends; epoch milliseconds. */
  readonly from: number | null;
  readonly to: number | null;
  readonly spanMs: number;
}

/** What the collector keeps of a span that is longer ago than this page remembers; null until it has answered. */
export function useHistory(question: HistoryQuestion | null): Signal<TimelineHistory | null> {
  const history = useSignal<TimelineHistory | null>(null);
  const key = question === null ? '' : `${question.from} ${question.to} ${question.spanMs}`;
  const still = pausedAt.value !== null || openedFile.value !== null;
  useEffect(() => {
    history.value = null;
  }, [key]);
  useEffect(() => {
    if (question === null || (still && history.peek() !== null)) return;
    const abort = new AbortController();
    let timer = 0;
    const load = async (): Promise<void> => {
      const to = question.to ?? pausedAt.peek() ?? Date.now();
      const found = await ask(question.from ?? to - question.spanMs, to, abort.signal);
      if (abort.signal.aborted) return;
      if (found !== null) history.value = found;
      if (question.to !== null && found !== null) return;
      const again = found === null ? RETRY_MS : Math.max(LEAST_REFRESH_MS, found.stepMs);
      if (!still) timer = setTimeout(load, again);
    };
    void load();
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [key, still]);
  return history;
}

async function ask(from: number, to: number, signal: AbortSignal): Promise<TimelineHistory | null> {
  try {
    const url = new URL(`api/v1/timeline?from=${Math.round(from)}&to=${Math.round(to)}`, document.baseURI);
    const response = await fetch(url, { signal, headers: { accept: 'application/json' } });
    return response.ok ? ((await response.json()) as TimelineHistory) : null;
  } catch {
    return null;
  }
}
