/** The parts of Express 4's and 5's router that naming a view needs. Typed structurally: the app's own copy is used. */
export interface Layer {
  readonly handle: RouteHandler & { readonly stack?: unknown };
  readonly name: string;
  /** Set on layers of a router (undefined for middleware); absent on the handlers within a route. */
  readonly route?: Route;
  readonly method?: string;
  /** Express 5 (router ≥ 2.3): what was passed to `use`. */
  readonly rawPath?: RoutePath;
  /** Express 5: one for each path. */
  readonly matchers?: readonly ((path: string) => unknown)[];
  /** Express 4. */
  readonly regexp?: RegExp & { readonly fast_slash?: boolean };
  /** Set by a match in Express 4 and in router < 2.3. */
  readonly path?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  /** Express 5: mounted at `/`. */
  readonly slash?: boolean;
}

export interface Route {
  readonly path: RoutePath;
  readonly stack: readonly Layer[];
}

export type RoutePath = string | RegExp | readonly RoutePath[];

export type RouteHandler = (...args: never[]) => unknown;

/** A path as it was written: a pattern's text, an expression's source, alternatives with `|` between them. */
export function patternText(path: RoutePath): string {
  if (typeof path === 'string') return path;
  if (path instanceof RegExp) return String(path);
  return path.map(patternText).join('|');
}

/** `/api` and `/books/:id` as `/api/books/:id`; a lone `/` behind a prefix adds nothing. */
export function joinPatterns(prefix: string, pattern: string): string {
  const base = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  if (pattern === '' || pattern === '/') return base === '' ? '/' : base;
  return pattern.startsWith('/') ? base + pattern : `${base}/${pattern}`;
}

/** True when the layer takes nothing off the path: `app.use(fn)`. */
export function isMountedAtRoot(layer: Layer): boolean {
  return layer.slash === true || layer.regexp?.fast_slash === true || layer.path === '';
}

const REGEXP_MOUNT = '(regexp)';

const JOINED = new WeakMap<Layer, Map<string, string>>();

/** The pattern of everything below a layer that is mounted where `outer` is the pattern; joined once, not per request. */
export function mountedPatternOf(layer: Layer, outer: string): string {
  let joined = JOINED.get(layer);
  if (joined === undefined) JOINED.set(layer, (joined = new Map()));
  let pattern = joined.get(outer);
  if (pattern === undefined) {
    const own = mountPatternOf(layer);
    pattern = joinPatterns(outer, own ?? REGEXP_MOUNT);
    // A pattern that could not be told from this request may be from another.
    if (own !== null) joined.set(outer, pattern);
  }
  return pattern;
}

/** The pattern a router or middleware is mounted under; null when this request's path does not tell. */
function mountPatternOf(layer: Layer): string | null {
  return layer.rawPath === undefined ? deriveMountPattern(layer) : patternText(layer.rawPath);
}

/**
 * Express 4 and early routers of Express 5 keep no pattern, only a matcher. So the pattern is rebuilt from the first
 * match by putting the parameters' names back, and put to the matcher: a pattern matches its own text. A path without
 * parameters could still come from an expression such as `/^\/v\d+/`; then some path that differs from it in one
 * character matches too.
 */
function deriveMountPattern(layer: Layer): string | null {
  const { path, params } = layer;
  if (path === undefined) return null;
  const names = Object.keys(params ?? {});
  if (names.some((name) => /^\d+$/.test(name))) return REGEXP_MOUNT;
  const segments = path.split('/');
  for (const name of names) {
    const value = String(params?.[name]);
    const at = segments.findIndex((segment) => segment === value || segment === encodeURIComponent(value));
    if (at === -1 || segments.indexOf(value, at + 1) !== -1) return null;
    segments[at] = `:${name}`;
  }
  const pattern = segments.join('/');
  if (!matches(layer, pattern)) return REGEXP_MOUNT;
  if (names.length === 0 && [...path].some((_, at) => matches(layer, otherCharacterAt(path, at)))) return REGEXP_MOUNT;
  return pattern;
}

function matches(layer: Layer, path: string): boolean {
  if (layer.regexp !== undefined)
    return new RegExp(layer.regexp.source, layer.regexp.flags.replace('g', '')).test(path);
  return (layer.matchers ?? []).some((matcher) => matcher(path) !== false);
}

/** The path with one character replaced by another of its class. */
function otherCharacterAt(path: string, at: number): string {
  const character = path.charAt(at);
  const other = /\d/.test(character)
    ? String((Number(character) + 1) % 10)
    : character.toLowerCase() === 'q'
      ? 'z'
      : 'q';
  return path.slice(0, at) + other + path.slice(at + 1);
}

/** The handler a route is there for: the last one, behind those that check and prepare. */
export function viewHandlerOf(route: Route, method: string): { handler: string; kind: 'async' | 'sync' } {
  const wanted = method === 'HEAD' ? 'get' : method.toLowerCase();
  const layers = route.stack.filter((layer) => layer.method === undefined || layer.method === wanted);
  const handle = layers.at(-1)?.handle;
  if (handle === undefined) return { handler: '', kind: 'sync' };
  return {
    handler: handle.name.replace(/^bound /, ''),
    kind: Object.prototype.toString.call(handle) === '[object AsyncFunction]' ? 'async' : 'sync',
  };
}
