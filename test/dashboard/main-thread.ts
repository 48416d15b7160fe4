import type { Browser, Page } from 'playwright-core';

/** One task of the thread that runs and lays out a page. */
export interface PageTask {
  /** By the clock: on a busy machine it tells who else was running. */
  readonly durationMs: number;
  /** What the page itself is answerable for. */
  readonly processorMs: number;
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds: of the clock, and of the processor. */
  readonly dur?: number;
  readonly tdur?: number;
}

/** Every task of the page's main thread while `what` lasts. */
export async function tasksWhile(browser: Browser, page: Page, what: () => Promise<void>): Promise<PageTask[]> {
  await browser.startTracing(page, { categories: ['devtools.timeline', 'disabled-by-default-devtools.timeline'] });
  await what();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const layouts = new Map<string, number>();
  const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
  for (const event of traceEvents) {
    if (event.name === 'Layout') layouts.set(threadOf(event), (layouts.get(threadOf(event)) ?? 0) + 1);
  }
  const [main] = [...layouts].sort(([, a], [, b]) => b - a).map(([thread]) => thread);
  return traceEvents
    .filter((event) => event.ph === 'X' && event.name === 'RunTask' && threadOf(event) === main)
    .map(({ dur = 0, tdur = 0 }) => ({ durationMs: dur / 1_000, processorMs: tdur / 1_000 }));
}
