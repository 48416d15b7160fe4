import { type IncidentSummary, legible, type Site, START_UP_ROUTE, type View, viewName } from '../protocol/index.js';

export { legible };

/** As much of a name as a title or a page of its own shows, in UTF-16 units. */
const WHOLE_LENGTH = 2_000;

export function whole(name: string): string {
  return legible(name, WHOLE_LENGTH);
}

/** `GET /books/:id`, legible. */
export function nameOf(view: Pick<View, 'method' | 'route'>): string {
  return legible(viewName(view));
}

/** The last parts of a path, which are what tells files apart: `src/exports.ts`. */
function shortFile(file: string, parts = 2): string {
  return legible(file.split(/[\\/]/).filter(Boolean).slice(-parts).join('/'));
}

/** `src/exports.ts:41`, or an empty string when the place is not known. */
export function placeOf(site: Site): string {
  if (site.file === '') return '';
  return site.line > 0 ? `${shortFile(site.file)}:${site.line}` : shortFile(site.file);
}

/** What stands where a place would, and why there is none: only code that runs for somebody has one. */
export function unplaced({ cause, view }: Pick<IncidentSummary, 'cause' | 'view'>): string {
  if (cause !== 'code') return 'no code is at fault';
  return view.route === START_UP_ROUTE ? 'while the program loads' : 'place not known';
}

/** `bookshop/src/exports.ts:41:23`, where there is room for a little more. */
export function longerPlace(site: Site): string {
  if (site.file === '') return '';
  return [shortFile(site.file, 3), site.line, site.column].filter((part) => part !== 0).join(':');
}

/** The place with its whole path and column, for a title or for copying. */
export function wholePlace(site: Site): string {
  if (site.file === '') return '';
  return whole([site.file, site.line, site.column].filter((part) => part !== 0).join(':'));
}

/** Tells views apart over services; not for reading. */
export function viewKey(view: View & { readonly service: string }): string {
  return JSON.stringify([view.service, view.method, view.route, view.handler, view.kind]);
}
