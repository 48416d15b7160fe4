import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Observer } from '../observer.js';
import { currentRun, type ViewRun } from '../view-run.js';

// Express gives requests and responses another prototype, with a long chain behind it: adding a property to them costs
// more than all the rest, and so nothing is added, and looking a method up is spared.
const { listenerCount, on } = EventEmitter.prototype;

/** The view run that serves the request of a response, once it has reached Holdup. */
export function runOf(observer: Observer, response: ServerResponse): ViewRun | undefined {
  const open = observer.accounting.runningFor(response);
  if (open !== null) return open;
  const current = currentRun.getStore();
  if (current !== undefined && current.response === response) return current;
  // Someone has lost the context (a pool or queue of callbacks), or this request is none of ours: ours have a listener.
  if (listenerCount.call(response, 'close') === 0) return undefined;
  return observer.recorder.runs.findFor(response);
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
  mountPattern = '',
): void {
  if (runOf(observer, response) !== undefined) {
    proceed();
    return;
  }
  const run = observer.startRun(observer.recorder.unmatchedView(request.method ?? ''), response);
  run.mountPattern = mountPattern;
  on.call(response, 'close', () => observer.finishRun(run));
  runSpan(observer, run, proceed, run.startedAtMs);
}

/**
 * Runs `code` in the context of `run` and counts the time it holds the loop as the run's. `nowMs` (`performance.now()`)
 * spares a second reading of the clock.
 */
export function runSpan<T>(observer: Observer, run: ViewRun, code: () => T, nowMs?: number): T {
  const opened = observer.accounting.open(run, nowMs);
  try {
    return currentRun.run(run, code);
  } finally {
    if (opened) observer.accounting.close();
  }
}
