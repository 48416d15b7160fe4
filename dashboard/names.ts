import { type Site, type View, viewName } from '../protocol/index.js';

/** Longer names are cut in lists; the whole of what we kept is in the title. */
const LIST_LENGTH = 160;
const WHOLE_LENGTH = 2_000;

// Control characters, bidirectional overrides and isolates, zero-width characters, and the separators that break lines, and joiners outside of emoji:
// what can make a name look like another name, or move the text beside it.
export const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|(?<!\p{Extended_Pictographic}[\ufe0f\u{1f3fb}-\u{1f3ff}]?)\u200d/gu;

/**
 * A name that came from outside, as text a person can read: what cannot be seen is spelled out, lone surrogates are
 * replaced, and what is very long is cut. The page only ever puts it in text nodes and attributes, never in markup.
 *
 * @param length in UTF-16 units
 * @example legible('a\u202Eb') // 'a‹U+202E›b'
 */
export function legible(name: string, length: number = LIST_LENGTH): string {
  const cut = name.length > length ? `${name.slice(0, length)}…` : name;
  return cut.toWellFormed().replace(UNSEEN, (unseen) => `‹U+${hex(unseen)}›`);
}

export function hex(character: string): string {
  return character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
}

/** As much of a name as a title or a page of its own shows. */
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
