import type { IncomingMessage, ServerResponse } from 'node:http';
import { UNMATCHED_ROUTE } from '../../protocol/index.js';
import type { Observer } from '../observer.js';
import { currentRun, type ViewRun } from '../view-run.js';

const RUN = Symbol('holdup.run');
const OBSERVER = Symbol('holdup.observer');

type Observed = { [RUN]?: ViewRun; [OBSERVER]?: Observer };

/** The view run that serves a request, once it has reached Holdup. */
export function runOf(request: IncomingMessage): ViewRun | undefined {
  return (request as Observed)[RUN];
}

/**
 * Serves a request as a view run: from here to the close of the response, everything it starts is its own. A request
 * that is a run already goes on as it is.
 */
export function observeRequest(
  observer: Observer,
  request: IncomingMessage,
  response: ServerResponse,
  proceed: () => void,
): void {
  if ((request as Observed)[RUN] !== undefined) return proceed();
  const run = observer.startRun(observer.recorder.view(request.method ?? '', UNMATCHED_ROUTE));
  (request as Observed)[RUN] = run;
  (response as Observed)[RUN] = run;
  (response as Observed)[OBSERVER] = observer;
  response.on('close', finish);
  runSpan(observer, run, proceed);
}

/** Runs `code` in the context of `run` and counts the time it holds the loop as the run's. */
export function runSpan<T>(observer: Observer, run: ViewRun, code: () => T): T {
  const opened = observer.accounting.open(run);
  try {
    return currentRun.run(run, code);
  } finally {
    if (opened) observer.accounting.close();
  }
}

/** One function for all responses, so that a request costs no closure. */
function finish(this: ServerResponse): void {
  const { [RUN]: run, [OBSERVER]: observer } = this as Observed;
  if (run !== undefined) observer?.finishRun(run);
}
