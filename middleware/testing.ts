/**
 * `holdup/testing`: tests that fail when a view reaches a sync-only operation. See docs/testing.md.
 */
import type { AllowEntry, HoldupOptions } from './options.js';
import type { Collection } from './testing/collection.js';
import { testWitness } from './testing/witness.js';
import { withView } from './with-view.js';

export { HoldupOptionError } from './errors.js';
export { allowSync, SynchronousOnlyOperation } from './guard/index.js';
export type { AllowEntry, HoldupOptions } from './options.js';
export type { Collection, SyncOnlyCall } from './testing/collection.js';
export { allow, setup, type TestHooks } from './testing/setup.js';
export { SyncOnlyFound } from './testing/sync-only-found.js';

export interface CollectOptions {
  /** Known and accepted operations. */
  readonly allow?: readonly AllowEntry[];
}

/**
 * Starts watching this process; without it, whatever below is called first does so. Call it before the app is imported,
 * so that references its modules take to sync functions are covered too. Nothing is sent and no port is opened unless
 * `collector` says so.
 *
 * @param options As of `holdup()`.
 * @returns `stop()` ends it and puts the original functions back.
 * @throws {HoldupOptionError} when an option is not what is accepted.
 */
export function startHoldup(options: HoldupOptions = {}): { stop(): Promise<void> } {
  testWitness.start(options);
  return { stop: () => testWitness.stop() };
}

/**
 * Collects the sync-only operations that views call from now on, in the whole process: requests to an Express
 * application that runs here are views, and so is what `inView` runs.
 *
 * @example
 * ```ts
 * const collection = collect();
 * await request(app).get('/books/1').expect(200);
 * collection.stop();
 * expect(collection.calls).toEqual([]);
 * ```
 */
export function collect({ allow = [] }: CollectOptions = {}): Collection {
  return testWitness.collect(allow);
}

/**
 * Runs `fn` and raises when a view reached a sync-only operation meanwhile, in the whole process.
 *
 * @returns What `fn` returns; a promise is awaited before the calls are looked at.
 * @throws {SyncOnlyFound} with each operation, its view, the user's own line, and what to write instead.
 *
 * @example
 * ```ts
 * const response = await expectNoSyncOnly(() => request(app).get('/books/1'));
 * ```
 */
export function expectNoSyncOnly<T>(fn: () => T, options: CollectOptions = {}): T {
  const collection = collect(options);
  let result: T;
  try {
    result = fn();
  } catch (error) {
    collection.stop();
    throw error;
  }
  if (!isThenable(result)) {
    collection.stop();
    collection.expectNoSyncOnly();
    return result;
  }
  const checked = Promise.resolve(result)
    .finally(() => collection.stop())
    .then((value) => {
      collection.expectNoSyncOnly();
      return value;
    });
  return checked as T;
}

/**
 * Runs a function as a view's code, for tests that call it without a request.
 *
 * @param name What the view is called in messages.
 * @returns What `fn` returns.
 *
 * @example
 * ```ts
 * const invoice = await expectNoSyncOnly(() => inView('render an invoice', () => renderInvoice(order)));
 * ```
 */
export function inView<T>(name: string, fn: () => T): T {
  if (!testWitness.isStarted) testWitness.start({});
  return withView(name, fn);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null)?.then === 'function';
}
