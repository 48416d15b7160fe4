import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import { packageOf } from '../package-name.js';
import type { ViewRun } from '../view-run.js';
import { isNode } from './call-site.js';
import { SynchronousOnlyOperation } from './errors.js';
import type { GuardedOperation } from './guarded-operation.js';
import type { CallSite, OperationSink } from './operation-call.js';
import { type Place, Policy, placeOf } from './policy.js';
import type { Sighting } from './site-book.js';
import { SiteSampler } from './site-sampler.js';

/** Places remembered as seen before; beyond them a first call counts as steady. */
const PLACE_LIMIT = 5_000;
const SILENT: OperationSink = { recordOperation: () => null, recordDropped() {} };

type Wrapper = (...args: never[]) => unknown;

// Process-wide, like the wrappers that use it.
let sink: OperationSink = SILENT;
let policy = new Policy({ mode: 'off', allow: [], allowAsyncUnsafe: false });
let policyVersion = 0;
let onPolicyEnded: () => void = () => {};
let sampler = new SiteSampler();
let placesSeen = new Set<string>();
const places = new WeakMap<CallSite, Place>();

/** The reason given to `allowSync`, for everything that its function starts. */
const allowedScope = new AsyncLocalStorage<string>();
/** Looking the scope up costs; nobody pays who never used one. */
let scopesUsed = false;
let everySite = false;

/** Where calls go from now on. `policyEnded` is called when an `allow` entry's date has passed. */
export function setWitness(newSink: OperationSink | null, newPolicy: Policy, policyEnded: () => void): void {
  const next = newSink ?? SILENT;
  if (next !== sink) {
    sampler = new SiteSampler(everySite);
    placesSeen = new Set();
  }
  sink = next;
  policy = newPolicy;
  policyVersion++;
  onPolicyEnded = policyEnded;
}

/**
 * From now on every call's own stack is taken, none is worked out from samples. For tests: there each call counts, and
 * nobody measures.
 */
export function witnessEverySite(): void {
  if (everySite) return;
  everySite = true;
  sampler = new SiteSampler(everySite);
}

/** Sends what `work` calls to another sink. */
export function witnessedBy(other: OperationSink, work: () => void): void {
  const usual = sink;
  sink = other;
  try {
    work();
  } finally {
    sink = usual;
  }
}

/**
 * Runs `fn` with its sync-only operations allowed: they are still counted and shown, under the reason, but they are
 * never thrown for. Also covers what `fn` awaits.
 *
 * @param reason Why, for whoever reads the page.
 * @returns What `fn` returns.
 * @throws {TypeError} when there is no reason.
 *
 * @example
 * ```ts
 * allowSync('warming the template cache', () => app.render('home'));
 * ```
 */
export function allowSync<T>(reason: string, fn: () => T): T {
  if (typeof reason !== 'string' || reason.trim() === '') {
    throw new TypeError("allowSync(reason, fn) needs a reason, such as 'warming the template cache'");
  }
  if (typeof fn !== 'function') throw new TypeError('allowSync(reason, fn) needs a function to run');
  scopesUsed = true;
  return allowedScope.run(reason, fn);
}

/** Records an outermost call that has ended. Never throws. */
export function recordCall(
  operation: GuardedOperation,
  run: ViewRun,
  startedAtMs: number,
  durationMs: number,
  wrapper: Wrapper,
): void {
  try {
    const book = operation.bookOf(run.view);
    if (sampler.isNewSecond(startedAtMs) && policy.isStale(Date.now())) onPolicyEnded();
    const sighting = sampler.sight(book, durationMs, wrapper);
    if (sighting === null) {
      sink.recordDropped('call sites', 1);
      return;
    }
    if (sighting.tally?.count(startedAtMs, durationMs) === true) return;
    const scope = scopesUsed ? allowedScope.getStore() : undefined;
    const cold = operation.alwaysCold || (sighting.isNew && isFirst(operation, sighting));
    const allowed = scope ?? allowedOf(operation, sighting, run);
    const tally = sink.recordOperation({
      operation,
      site: sighting.site,
      run,
      startedAtMs,
      durationMs,
      cold,
      thrown: false,
      allowed,
    });
    if (!operation.alwaysCold) sighting.tally = tally;
  } catch {
    sink.recordDropped('operations', 1);
  }
}

/**
 * In throw mode, before the call: raises SynchronousOnlyOperation unless the call is allowed, cold work of a package,
 * or a person is debugging.
 */
export function refuseCall(operation: GuardedOperation, run: ViewRun, wrapper: Wrapper): void {
  if (operation.alwaysCold || operation.counts !== null || (scopesUsed && allowedScope.getStore() !== undefined))
    return;
  const site = sampler.capture(wrapper);
  const sighting = site === null ? null : operation.bookOf(run.view).see(site, false);
  if (sighting !== null && allowedOf(operation, sighting, run) !== '') return;
  const caller = site?.frames[0] ?? null;
  // A package's first-time work (filling a cache) is cold. The app's own call is not: a test reaches it once.
  const ofPackage = caller !== null && packageOf(caller.file) !== '';
  if (ofPackage && sighting?.isNew === true && isUnseen(operation, sighting)) return;
  if (isDebugging()) return;
  if (sighting !== null) {
    sighting.isNew = false;
    const startedAtMs = performance.now();
    const { site } = sighting;
    try {
      sink.recordOperation({
        operation,
        site,
        run,
        startedAtMs,
        durationMs: 0,
        cold: false,
        thrown: true,
        allowed: '',
      });
    } catch {
      sink.recordDropped('operations', 1);
    }
  } else sink.recordDropped('call sites', 1);
  const shown = site === null ? null : (site.frames.find(isAppFrame) ?? caller);
  const error = new SynchronousOnlyOperation(operation, run.view.view, shown);
  Error.captureStackTrace(error, wrapper);
  throw error;
}

function allowedOf(operation: GuardedOperation, sighting: Sighting, run: ViewRun): string {
  if (sighting.policyVersion !== policyVersion) {
    sighting.policyVersion = policyVersion;
    sighting.allowed = policy.reason(operation, placeFor(sighting.site), run.view.view);
  }
  return sighting.allowed;
}

function placeFor(site: CallSite): Place {
  let place = places.get(site);
  if (place === undefined) places.set(site, (place = placeOf(site)));
  return place;
}

/** Whether a site's first occurrence is the first of its place too: the same line reached by another way is not new. */
function isFirst(operation: GuardedOperation, sighting: Sighting): boolean {
  sighting.isNew = false;
  const key = placeKey(operation, sighting.site);
  if (placesSeen.has(key) || placesSeen.size >= PLACE_LIMIT) return false;
  placesSeen.add(key);
  return true;
}

function isUnseen(operation: GuardedOperation, sighting: Sighting): boolean {
  return placesSeen.size < PLACE_LIMIT && !placesSeen.has(placeKey(operation, sighting.site));
}

function placeKey(operation: GuardedOperation, site: CallSite): string {
  const caller = site.frames[0];
  const app = site.frames.find(isAppFrame);
  return `${operation.name} ${caller?.file}:${caller?.line}:${caller?.column} ${app?.file}:${app?.line}`;
}

function isAppFrame({ file }: { file: string }): boolean {
  return file !== '' && !isNode(file) && packageOf(file) === '';
}

const builtin = createRequire(import.meta.url);

/** A debugger is attached or a REPL runs: stopping a person's experiment would only be in the way. */
function isDebugging(): boolean {
  try {
    const { url } = builtin('node:inspector') as typeof import('node:inspector');
    return url() !== undefined || (process.argv.length < 2 && process.stdin.isTTY === true);
  } catch {
    return false;
  }
}
