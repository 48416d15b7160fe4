import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Observer } from '../observer.js';
import { currentRun, type ViewRun } from '../view-run.js';

/**
 * The listener that ends a run. It also remembers which run that is, so that nothing need be added to the request or
 * response: Express has given those another prototype, which makes adding a property cost more than all the rest.
 */
type Finish = (() => void) & { run?: ViewRun };

/** The view run that serves the request of a response, once it has reached Holdup. */
export function runOf(response: ServerResponse): ViewRun | undefined {
  const current = currentRun.getStore();
  if (current !== undefined && current.response === response) return current;
  // Someone has lost the context (a pool or queue of callbacks), or this request is none of ours.
  if (response.listenerCount('close') === 0) return undefined;
  return (response.listeners('close') as Finish[]).find(({ run }) => run !== undefined)?.run;
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
  if (runOf(response) !== undefined) {
    proceed();
    return;
  }
  const run = observer.startRun(observer.recorder.unmatchedView(request.method ?? ''), response);
  const finish: Finish = () => observer.finishRun(run);
  finish.run = run;
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
