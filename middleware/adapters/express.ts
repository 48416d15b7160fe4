import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HoldupOptions } from '../options.js';
import { observeProcess, runningObserver } from '../process-observer.js';
import { firstLayerOf, isApplication, observeApplication, passBy } from './express-application.js';
import { type ExpressApp, type ExpressRequest, mountPatternAbove, observeLayers } from './express-layers.js';
import { observeRequest } from './request-run.js';

export type { AllowEntry, HoldupOptions } from '../options.js';

/** What Express calls for each request. */
export type HoldupMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * Express middleware, for Express 5 and 4, that tells which view holds the event loop. Put it first.
 *
 * ```ts
 * import express from 'express';
 * import { holdup } from 'holdup/express';
 *
 * const app = express();
 * app.use(holdup());
 * ```
 *
 * @throws {HoldupOptionError} at once, when an option is not what is accepted. Nothing throws after that but
 * `SynchronousOnlyOperation` in `mode: 'throw'`.
 */
export function holdup(options?: HoldupOptions): HoldupMiddleware {
  if (observeProcess(options) === null)
    return function holdup(_request, _response, next) {
      next();
    };
  let requests = 0;
  let lastApp: ExpressApp | undefined;
  let mountPattern = '';
  return function holdup(request, response, next) {
    const observer = runningObserver();
    if (observer === null) {
      next();
      return;
    }
    // Reading a property of a request is slow enough to count. All apps have one copy of Express, but for rare ones.
    if (requests++ % LOOK_AGAIN_EVERY === 0) {
      const { app } = request as ExpressRequest;
      if (app !== undefined && app !== lastApp) mountPattern = observeApp(app, holdup);
      lastApp = app;
    }
    observeRequest(observer, request, response, next, mountPattern);
  };
}

/** An app with a copy of Express of its own is found by one of so many requests. */
const LOOK_AGAIN_EVERY = 64;

/** Returns the pattern of the routers above `middleware`. */
function observeApp(app: ExpressApp, middleware: HoldupMiddleware): string {
  observeLayers(app);
  const layer = app.parent === undefined ? firstLayerOf(app, middleware) : undefined;
  if (layer !== undefined && isApplication(app)) {
    observeApplication(app);
    passBy(layer);
  }
  return mountPatternAbove(app, middleware);
}
