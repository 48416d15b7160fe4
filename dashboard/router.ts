import { computed, signal } from '@preact/signals';

/**
 * Every state of the page is in the hash, so that it works wherever the page is mounted, can be sent to a colleague,
 * and the back button does what it should.
 *
 * `#/incidents/v1:ab?sample=2` is `{ path: ['incidents', 'v1:ab'], query: sample=2 }`.
 */
export interface Route {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  return { path: path.split('/').filter(Boolean).map(decode), query: new URLSearchParams(query) };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** A link: `hrefTo(['views'], { sort: 'waitMs' })` is `#/views?sort=waitMs`. Empty values are left out. */
export function hrefTo(path: readonly string[], query: Readonly<Record<string, string>> = {}): string {
  const kept = Object.entries(query).filter(([, value]) => value !== '');
  const search = new URLSearchParams(kept).toString();
  return `#/${path.map((part) => encodeURIComponent(part.toWellFormed())).join('/')}${search === '' ? '' : `?${search}`}`;
}

export const route = signal<Route>(parseRoute(location.hash));
export const page = computed(() => route.value.path[0] ?? '');

export function go(href: string): void {
  location.hash = href;
}

/** Changes part of the query in place: a filter or a sort order is no step of its own for the back button. */
export function setQuery(changes: Readonly<Record<string, string>>): void {
  const { path, query } = route.peek();
  const merged = { ...Object.fromEntries(query), ...changes };
  history.replaceState(history.state, '', hrefTo(path, merged));
  route.value = parseRoute(location.hash);
}

export function queryOf(name: string): string {
  return route.value.query.get(name) ?? '';
}

export function startRouter(): void {
  addEventListener('hashchange', () => {
    route.value = parseRoute(location.hash);
  });
}
