import { runSpan } from './adapters/request-run.js';
import { runningObserver } from './process-observer.js';

/**
 * Names work that no request started: `fn` and everything it starts is a run of the view `name`, until what it returns
 * has settled. Without Holdup running it just calls `fn`.
 *
 * ```ts
 * setInterval(() => withView('queue email', sendNextEmail), 1000).unref();
 * ```
 *
 * @returns what `fn` returns.
 */
export function withView<T>(name: string, fn: () => T): T {
  if (typeof name !== 'string' || name === '') throw new TypeError('withView needs a name: a non-empty string');
  if (typeof fn !== 'function') throw new TypeError('withView needs a function to call');
  const observer = runningObserver();
  if (observer === null) return fn();
  const run = observer.startRun(observer.recorder.view('', name, fn.name, 'sync'));
  const finish = (): void => observer.finishRun(run);
  let result: T;
  try {
    result = runSpan(observer, run, fn);
  } catch (error) {
    finish();
    throw error;
  }
  if (typeof (result as PromiseLike<unknown> | null)?.then === 'function') {
    (result as unknown as PromiseLike<unknown>).then(finish, finish);
  } else finish();
  return result;
}
