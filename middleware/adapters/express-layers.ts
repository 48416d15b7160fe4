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
const FOUND = Symbol('holdup.express.found');
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

/** A handler's own layer of a route, with the view that it was last reached as. */
interface HandlerLayer extends Layer {
  [FOUND]?: { readonly mountPattern: string; readonly view: ViewTotals };
}

type HandleRequest = (this: HandlerLayer, request: ExpressRequest, response: ServerResponse, next: Next) => unknown;

function observed(original: HandleRequest): HandleRequest {
  return function handleRequest(request, response, next) {
    const observer = runningObserver();
    const run = observer === null ? undefined : runOf(observer, response);
    if (observer === null || run === undefined) return original.call(this, request, response, next);
    let proceed = next;
    if (!('route' in this)) findView(observer, run, this, request);
    else if (this.route === undefined && !isMountedAtRoot(this)) proceed = mounted(run, this, next);
    if (observer.accounting.isOpenFor(run)) return original.call(this, request, response, proceed);
    return inSpan(original, this, observer, run, request, response, proceed);
  };
}

// Closures are made in functions of their own: where one could be made, V8 makes room for it in each call.

function mounted(run: ViewRun, layer: Layer, next: Next): Next {
  const outer = run.mountPattern;
  run.mountPattern = mountedPatternOf(layer, outer);
  return (error) => {
    run.mountPattern = outer;
    next(error);
  };
}

function inSpan(
  original: HandleRequest,
  layer: HandlerLayer,
  observer: Observer,
  run: ViewRun,
  ...args: Parameters<HandleRequest>
): unknown {
  return runSpan(observer, run, () => original.apply(layer, args));
}

/**
 * Names the run's view by the route it has reached. A handler that is for one method is nearly always reached as the same
 * view again, and then nothing is read of the request: Node 20 takes a microsecond for each property of one.
 */
function findView(observer: Observer, run: ViewRun, layer: HandlerLayer, request: ExpressRequest): void {
  const found = layer[FOUND];
  const known = found !== undefined && found.mountPattern === run.mountPattern && isMethodOf(run, found.view);
  const view = known ? found.view : viewOfRoute(observer, run, layer, request);
  if (view !== undefined && view !== run.view) observer.routeFound(run, view);
}

function isMethodOf(run: ViewRun, { view }: ViewTotals): boolean {
  return run.view.view.method === view.method;
}

/** The totals are kept on the route, by method and mount prefixes. */
function viewOfRoute(
  observer: Observer,
  { mountPattern }: ViewRun,
  layer: HandlerLayer,
  request: ExpressRequest,
): ViewTotals | undefined {
  const route = request.route as (Route & { [VIEWS]?: Map<string, ViewTotals> }) | undefined;
  if (route === undefined) return undefined;
  const method = request.method ?? '';
  const views = (route[VIEWS] ??= new Map());
  const key = method + mountPattern;
  let view = views.get(key);
  if (view === undefined) {
    const { handler, kind } = viewHandlerOf(route, method);
    view = observer.recorder.view(method, joinPatterns(mountPattern, patternText(route.path)), handler, kind);
    views.set(key, view);
  }
  // A handler for all methods is asked each time: a middleware may have changed the request's.
  if (layer.method === method.toLowerCase()) layer[FOUND] = { mountPattern, view };
  return view;
}
