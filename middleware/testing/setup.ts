import type { AllowEntry, HoldupOptions } from '../options.js';
import type { Collection } from './collection.js';
import { inJest, testWitness } from './witness.js';

/** The hooks of Vitest, Jest and node:test, as far as they are needed. */
export interface TestHooks {
  beforeEach(hook: () => void): unknown;
  afterEach(hook: () => void): unknown;
  afterAll?(hook: () => Promise<void>): unknown;
}

/** The collection of the test that runs now. */
let current: Collection | null = null;

/**
 * Lets every test fail in which a view reaches a sync-only operation. For a setup file, which runs before the tests'
 * own imports.
 *
 * @param hooks The runner's `beforeEach` and `afterEach`; those that are globals when left out (Jest, Vitest with
 * `globals: true`).
 * @param options Options as of `holdup()`; `allow` is for what is known and accepted in every test. Nothing is sent and
 * no port is opened unless `collector` says so.
 * @throws {TypeError} when there are no hooks.
 * @throws {HoldupOptionError} when an option is not what is accepted.
 *
 * @example
 * ```ts
 * import { setup } from 'holdup/testing';
 * import { afterEach, beforeEach } from 'vitest';
 *
 * setup({ beforeEach, afterEach });
 * ```
 */
export function setup(hooks: TestHooks = globalThis as unknown as TestHooks, options: HoldupOptions = {}): void {
  if (typeof hooks?.beforeEach !== 'function' || typeof hooks.afterEach !== 'function') {
    throw new TypeError('setup({ beforeEach, afterEach }) needs the hooks of your test runner');
  }
  testWitness.start(options);
  hooks.beforeEach(() => {
    current?.stop();
    current = testWitness.collect([]);
  });
  hooks.afterEach(() => {
    const ended = current;
    current = null;
    ended?.stop();
    ended?.expectNoSyncOnly();
  });
  // There the functions must be put back, or each file's wrappers would pile up on the others'. Elsewhere the one
  // observer stays until the process ends.
  if (inJest()) hooks.afterAll?.(() => testWitness.stop());
}

/**
 * Accepts sync-only operations for the rest of the running test, and those it has already called. Every condition that
 * is given must match; `*` stands for any characters. Needs `setup`.
 *
 * @throws {TypeError} when no test runs, or without a reason.
 *
 * @example
 * ```ts
 * test('exports the catalogue', async () => {
 *   allow({ operation: 'fs.readFileSync', view: 'GET /export', reason: 'one admin, once a night' });
 *   await request(app).get('/export').expect(200);
 * });
 * ```
 */
export function allow(entry: AllowEntry): void {
  if (current === null) throw new TypeError('allow() was called outside a test, or without setup()');
  current.allow(entry);
}
