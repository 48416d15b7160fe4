import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Observer } from '../observer.js';
import { CONTEXT_ENDS_WITH_CALLBACK } from '../served-requests.js';
import { currentRun, NO_CONNECTION, type ViewRun } from '../view-run.js';

// Express gives requests and responses another prototype, with a long chain behind it: adding a property to them costs
// more than all the rest, and so nothing is added, and looking a method up is spared.
const { on } = EventEmitter.prototype;

/** The view run that serves the request of a response, once it has reached Holdup. */
export function runOf(observer: Observer, response: ServerResponse): ViewRun | undefined {
  const open = observer.accounting.runningFor(response);
  if (open !== null) return open;
  const current = currentRun.getStore();
  if (current !== undefined && current.response === response) return current;
  // Someone has lost the context (a pool or queue of callbacks), or this request is none of ours.
  return observer.recorder.runs.findFor(response);
}

/**
 * Serves a request as a view run: from here until its response is done, everything it starts is its own. A request that
 * is a run already goes on as it is.
 */
export function observeRequest(
  observer: Observer,
  request: IncomingMessage,
  response: ServerResponse,
  proceed: () => void,
  mountPattern = '',
): void {
  const isServed = observer.requests.take(response);
  if (!isServed && (runOf(observer, response) !== undefined || isOver(response))) {
    proceed();
    return;
  }
  const run = observer.startRun(observer.recorder.unmatchedView(request.method ?? ''), response);
  run.mountPattern = mountPattern;
  if (!isServed) finishAtClose(observer, run, response);
  if (!isServed || !CONTEXT_ENDS_WITH_CALLBACK) {
    runSpan(observer, run, proceed, run.startedAtMs);
    return;
  }
  // In the callback that Node hands a request over in, the context need not be put back, which costs most of `run`.
  currentRun.enterWith(run);
  countSpan(observer, run, proceed, run.startedAtMs);
}

/** It was answered, or its client has gone, before it came here. */
function isOver(response: ServerResponse): boolean {
  return response.closed || response.writableFinished;
}

function finishAtClose(observer: Observer, run: ViewRun, response: ServerResponse): void {
  run.connection = NO_CONNECTION;
  on.call(response, 'close', () => observer.finishRun(run));
}

/**
 * Runs `code` in the context of `run` and counts the time it holds the loop as the run's. `nowMs` (`performance.now()`)
 * spares a second reading of the clock.
 */
export function runSpan<T>(observer: Observer, run: ViewRun, code: () => T, nowMs?: number): T {
  return currentRun.run(run, countSpan<T>, observer, run, code, nowMs);
}

function countSpan<T>(observer: Observer, run: ViewRun, code: () => T, nowMs?: number): T {
  const opened = observer.accounting.open(run, nowMs);
  try {
    return code();
  } finally {
    if (opened) observer.accounting.close();
  }
}
