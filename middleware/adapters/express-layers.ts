import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Observer } from '../observer.js';
import { runningObserver } from '../process-observer.js';
import type { ViewRun } from '../view-run.js';
import type { ViewTotals } from '../view-totals.js';
import {
  isMountedAtRoot,
  joinPatterns,
  type Layer,
  mountedPatternOf,
  patternText,
  type Route,
  type RoutePath,
  viewHandlerOf,
} from './express-route.js';
import { runOf, runSpan } from './request-run.js';

type Next = (error?: unknown) => void;

/** An application, as far as finding its router needs it. */
export interface ExpressApp {
  /** Express 4. */
  readonly _router?: { readonly stack: readonly Layer[] };
  /** Express 5; its getter throws in Express 4. */
  readonly router: { readonly stack: readonly Layer[] };
  /** Express 4 makes its router late. */
  readonly lazyrouter?: () => void;
  /** The app that it is mounted in, and where. */
  readonly parent?: ExpressApp;
  readonly mountpath?: RoutePath;
}

export interface ExpressRequest extends IncomingMessage {
  readonly app?: ExpressApp;
  readonly route?: Route;
}

// This copy's own: another copy of Holdup in the process puts its wrapper on top and names its own runs.
const PATCHED = Symbol('holdup.express.layer');
const VIEWS = Symbol('holdup.express.views');
let lastApp: ExpressApp | undefined;

/**
 * Every handler that Express calls goes through one method of its Layer class. Wrapping that method, in the app's own
 * copy of Express, tells which route a request has reached, by what mount prefixes, and when its code runs.
 */
export function observeLayers(app: ExpressApp): void {
  if (app === lastApp) return;
  const layer = layersOf(app)?.[0];
  if (layer === undefined) return;
  lastApp = app;
  const prototype = Object.getPrototypeOf(layer);
  if (prototype[PATCHED] !== undefined) return;
  prototype[PATCHED] = true;
  for (const method of ['handleRequest', 'handle_request']) {
    const original = prototype[method];
    if (typeof original === 'function') prototype[method] = observed(original);
  }
}

/** What an app calls in turn; undefined for one of Express 4 that has no router yet. */
export function layersOf(app: ExpressApp): readonly Layer[] | undefined {
  return (app._router ?? (app.lazyrouter === undefined ? app.router : undefined))?.stack;
}

/** The mount prefixes above `middleware`, as a pattern; those of the app alone where it stands in several places. */
export function mountPatternAbove(app: ExpressApp, middleware: unknown): string {
  const above =
    app.parent === undefined ? '' : joinPatterns(mountPatternAbove(app.parent, app), patternText(app.mountpath ?? '/'));
  const [pattern = above, ...others] = new Set(patternsWithin([layersOf(app) ?? []], middleware, above));
  return others.length === 0 ? pattern : above;
}

/** Looks through the innermost of `stacks`, which lead to it. */
function patternsWithin(stacks: readonly (readonly Layer[])[], middleware: unknown, outer: string): string[] {
  return (stacks.at(-1) ?? []).flatMap((layer) => {
    if (layer.handle === middleware) return [outer];
    const { stack } = layer.handle;
    // A router may lead back into itself.
    if (layer.route !== undefined || !Array.isArray(stack) || stacks.includes(stack)) return [];
    return patternsWithin(
      [...stacks, stack],
      middleware,
      isMountedAtRoot(layer) ? outer : mountedPatternOf(layer, outer),
    );
  });
}

type HandleRequest = (this: Layer, request: ExpressRequest, response: ServerResponse, next: Next) => unknown;

function observed(original: HandleRequest): HandleRequest {
  return function handleRequest(request, response, next) {
    const observer = runningObserver();
    const run = observer === null ? undefined : runOf(observer, response);
    if (observer === null || run === undefined) return original.call(this, request, response, next);
    let proceed = next;
    if (!('route' in this)) {
      if (run.route !== request.route) findView(observer, run, request);
    } else if (this.route === undefined && !isMountedAtRoot(this)) {
      const outer = run.mountPattern;
      run.mountPattern = mountedPatternOf(this, outer);
      proceed = (error) => {
        run.mountPattern = outer;
        next(error);
      };
    }
    if (observer.accounting.isOpenFor(run)) return original.call(this, request, response, proceed);
    return runSpan(observer, run, () => original.call(this, request, response, proceed));
  };
}

/** Names the run's view by the route it has reached. The totals are kept on the route, so this is one look-up. */
function findView(observer: Observer, run: ViewRun, request: ExpressRequest): void {
  const route = request.route as (Route & { [VIEWS]?: Map<string, ViewTotals> }) | undefined;
  run.route = route;
  if (route === undefined) return;
  const method = request.method ?? '';
  const views = (route[VIEWS] ??= new Map());
  const key = method + run.mountPattern;
  let view = views.get(key);
  if (view === undefined) {
    const { handler, kind } = viewHandlerOf(route, method);
    view = observer.recorder.view(method, joinPatterns(run.mountPattern, patternText(route.path)), handler, kind);
    views.set(key, view);
  }
  observer.routeFound(run, view);
}
