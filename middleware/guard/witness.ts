import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import { packageOf } from '../package-name.js';
import type { ViewRun } from '../view-run.js';
import { CallSites, isNode, SITE_LIMIT } from './call-site.js';
import { SynchronousOnlyOperation } from './errors.js';
import type { GuardedOperation } from './guarded-operation.js';
import type { CallSite, OperationSink } from './operation-call.js';
import { type Place, Policy, placeOf } from './policy.js';
import type { Sighting, SiteBook } from './site-book.js';

/** A call this long is worth a stack of its own: 5 µs beside it is nothing. */
const SLOW_MS = 1;
/** Stacks that every operation of every view may take in a second whatever happens, so that rare calls are exact. */
const STACKS_A_SECOND = 16;
/** Stacks that all of them together may take that way: at about 10 µs each, at most 0.2 % of the time. */
const ALL_STACKS_A_SECOND = 200;
/** Places remembered as seen before; beyond them a first call counts as steady. */
const PLACE_LIMIT = 5_000;
/** Sites kept while every call's own is taken: a test run's code has fewer. */
const EVERY_SITE_LIMIT = 50_000;

const SILENT: OperationSink = { recordOperation: () => null, recordDropped() {} };

type Wrapper = (...args: never[]) => unknown;

// Process-wide, like the wrappers that use it.
let sink: OperationSink = SILENT;
let policy = new Policy({ mode: 'off', allow: [], allowAsyncUnsafe: false });
let policyVersion = 0;
let onPolicyEnded: () => void = () => {};
let sites = new CallSites();
let placesSeen = new Set<string>();
const places = new WeakMap<CallSite, Place>();
let second = -1;
let stacksLeft = 0;
let random = (Math.random() * 0x7fffffff) | 1;

/** The reason given to `allowSync`, for everything that its function starts. */
const allowedScope = new AsyncLocalStorage<string>();
/** Looking the scope up costs; nobody pays who never used one. */
let scopesUsed = false;
let everySite = false;

/** Where calls go from now on. `policyEnded` is called when an `allow` entry's date has passed. */
export function setWitness(newSink: OperationSink | null, newPolicy: Policy, policyEnded: () => void): void {
  const next = newSink ?? SILENT;
  if (next !== sink) {
    sites = new CallSites(everySite ? EVERY_SITE_LIMIT : SITE_LIMIT);
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
  sites = new CallSites(EVERY_SITE_LIMIT);
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
    const sighting = sight(book, startedAtMs, durationMs, wrapper);
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
  const site = sites.capture(wrapper);
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

/** Finds out, or works out, which site made a call. */
function sight(book: SiteBook, startedAtMs: number, durationMs: number, wrapper: Wrapper): Sighting | null {
  if (everySite) {
    const site = sites.capture(wrapper);
    return site === null ? null : { site, allowed: '', policyVersion: -1, weight: 0, isNew: true, tally: null };
  }
  const nowSecond = Math.floor(startedAtMs / 1000);
  if (nowSecond !== second) turnSecond(nowSecond);
  if (book.second !== second) book.turnSecond(second, STACKS_A_SECOND);
  book.calls++;
  if (book.budget > 0 && stacksLeft > 0) {
    book.budget--;
    stacksLeft--;
    return capture(book, wrapper, false);
  }
  if (durationMs >= SLOW_MS) return capture(book, wrapper, false);
  // Marsaglia's xorshift: a few nanoseconds, and not in step with any loop of the app.
  random ^= random << 13;
  random ^= random >>> 17;
  random ^= random << 5;
  if ((random & book.sampleMask) === 0) return capture(book, wrapper, true);
  return book.attribute((random >>> 0) / 0x1_0000_0000) ?? capture(book, wrapper, false);
}

function capture(book: SiteBook, wrapper: Wrapper, sampled: boolean): Sighting | null {
  const site = sites.capture(wrapper);
  return site === null ? null : book.see(site, sampled);
}

function turnSecond(nowSecond: number): void {
  second = nowSecond;
  stacksLeft = ALL_STACKS_A_SECOND;
  if (policy.isStale(Date.now())) onPolicyEnded();
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
