import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { onModuleLoaded } from '../guard/index.js';
import { replace } from '../guard/replacement.js';
import { type AnyFunction, disguise } from '../guard/wrap.js';
import { runningObserver } from '../process-observer.js';
import { type ExpressApp, observeLayers } from './express.js';
import { observeRequest, runOf } from './request-run.js';

const OBSERVED = Symbol('holdup.express.handle');

/** Told of a server that is about to listen, with its request listeners in place. In Node since 18. */
const SERVER_LISTENS = 'tracing:net.server.listen:asyncStart';

/** What Express's applications have and nobody else's. */
const METHODS = ['handle', 'listen', 'defaultConfiguration', 'use'];

type Handle = (this: ExpressApp, request: IncomingMessage, response: ServerResponse, done?: unknown) => unknown;

/** The process-wide hooks are in place. */
let observing = false;

/**
 * Makes every Express application of the process observed without a change to its code, as if `app.use(holdup())` were
 * its first middleware. A request that is a view run already goes on as it is, so an app that says so too loses nothing.
 *
 * Two ways lead to an application. Express is caught as it loads, before it makes any. Where its loading cannot be seen
 * (bundled into the app, loaded by another tool's hooks or inside Jest), an application is caught when a server that
 * serves it begins to listen. Neither costs a request anything.
 */
export function observeExpress(): void {
  if (observing) return;
  observing = true;
  onModuleLoaded((filename, { exports }) => {
    if (/[\\/]lib[\\/]application\.js$/.test(filename) && isApplication(exports)) observeHandle(exports);
  });
  subscribe(SERVER_LISTENS, (message) => {
    const { server } = message as { server?: Server };
    for (const listener of server?.listeners?.('request') ?? []) {
      if (isApplication(listener)) observeHandle(listener);
    }
  });
}

interface Application {
  handle: AnyFunction & { [OBSERVED]?: true };
}

/** Express's prototype of applications, or one of them: it has copies of the prototype's methods. */
function isApplication(value: unknown): value is Application {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  try {
    return METHODS.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
  } catch {
    // A getter of someone's own that throws: not Express.
    return false;
  }
}

function observeHandle(application: Application): void {
  if (application.handle[OBSERVED] === true) return;
  replace(application, 'handle', (original) => {
    const handle: Handle = function (request, response, done) {
      const proceed = (): unknown => Reflect.apply(original, this, [request, response, done] as never);
      const observer = runningObserver();
      if (observer === null || runOf(observer, response) !== undefined) return proceed();
      observeLayers(this);
      return observeRequest(observer, request, response, proceed);
    };
    const wrapper = disguise(handle as AnyFunction, original);
    Object.defineProperty(wrapper, OBSERVED, { value: true });
    return wrapper;
  });
}
