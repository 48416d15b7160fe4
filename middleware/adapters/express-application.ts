import type { IncomingMessage, ServerResponse } from 'node:http';
import { replace } from '../guard/replacement.js';
import { type AnyFunction, disguise } from '../guard/wrap.js';
import { runningObserver } from '../process-observer.js';
import { type ExpressApp, layersOf, observeLayers } from './express-layers.js';
import type { Layer } from './express-route.js';
import { observeRequest } from './request-run.js';

const OBSERVED = Symbol('holdup.express.handle');

/** What Express's applications have and nobody else's. */
const METHODS = ['handle', 'listen', 'defaultConfiguration', 'use'];
/** What Express 4 puts before an app's own first middleware. */
const EXPRESS_4_OWN = new Set(['query', 'expressInit']);

type Handle = (this: ExpressApp, request: IncomingMessage, response: ServerResponse, done?: unknown) => unknown;

interface Application {
  handle: AnyFunction & { [OBSERVED]?: true };
}

/** Express's prototype of applications, or one of them: it has copies of the prototype's methods. */
export function isApplication(value: unknown): value is Application {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  try {
    return METHODS.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
  } catch {
    // A getter of someone's own that throws: not Express.
    return false;
  }
}

/**
 * Makes each request of the application a view run from the moment it reaches it. That is before Express gives request
 * and response another prototype, after which Node 20 takes microseconds for what is done here.
 */
export function observeApplication(application: Application): void {
  if (application.handle[OBSERVED] === true) return;
  replace(application, 'handle', (original) => {
    const handle: Handle = function (request, response, done) {
      const proceed = (): unknown => (original as Handle).call(this, request, response, done);
      const observer = runningObserver();
      if (observer === null) return proceed();
      // An app within another has been reached through a layer.
      if (observer.accounting.runningFor(response) === null) observeLayers(this);
      return observeRequest(observer, request, response, proceed);
    };
    const wrapper = disguise(handle as AnyFunction, original);
    Object.defineProperty(wrapper, OBSERVED, { value: true });
    return wrapper;
  });
}

/**
 * The layer of `middleware`, if it is the application's first: then it sees every request that the application does.
 */
export function firstLayerOf(app: ExpressApp, middleware: unknown): Layer | undefined {
  const first = layersOf(app)?.find(({ name }) => !EXPRESS_4_OWN.has(name));
  return first !== undefined && first.handle === middleware && first.route === undefined ? first : undefined;
}

type Matcher = (path: string) => unknown;

/** What decides whether Express calls a layer: in Express 5 `slash` and `matchers`, before that `match` alone. */
interface MatchingLayer extends Layer {
  match?: Matcher;
  matchers?: readonly Matcher[];
  slash?: boolean;
}

const PASSED_BY = new WeakSet<Layer>();
/** What `slash` stands for. */
const matchesAll: Matcher = () => ({ params: {}, path: '' });

/**
 * The application makes view runs by itself now, so a request that is one passes the middleware's layer by: that is a
 * good part of what a request costs. One that comes by another way still meets it.
 */
export function passBy(layer: MatchingLayer): void {
  if (PASSED_BY.has(layer)) return;
  PASSED_BY.add(layer);
  const unlessRunning =
    (match: Matcher): Matcher =>
    (path) =>
      runningObserver()?.accounting.isOpen === true ? false : match(path);
  if (layer.matchers !== undefined && layer.slash !== undefined) {
    // A `match` of its own would keep V8 from inlining the one of all other layers.
    layer.matchers = (layer.slash ? [matchesAll] : layer.matchers).map(unlessRunning);
    layer.slash = false;
  } else if (layer.match !== undefined) {
    layer.match = unlessRunning(layer.match.bind(layer));
  }
}
