// Control characters, bidirectional overrides and isolates, zero-width characters, and the separators that break lines, and joiners outside of emoji:
// what can make a name look like another name, or move the text beside it.
export const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|(?<!\p{Extended_Pictographic}[\ufe0f\u{1f3fb}-\u{1f3ff}]?)\u200d/gu;

/** Longer names are cut in lists. UTF-16 units. */
const LIST_LENGTH = 160;
const LONE_SURROGATE = /\p{Surrogate}/gu;

/**
 * A name that came from outside, as text a person can read: what cannot be seen is spelled out, lone surrogates are
 * replaced, and what is very long is cut. It is still only text: whoever puts it into markup has to escape it.
 *
 * @param length in UTF-16 units
 * @example legible('a\u202Eb') // 'a‹U+202E›b'
 */
export function legible(name: string, length: number = LIST_LENGTH): string {
  const cut = name.length > length ? `${name.slice(0, length)}…` : name;
  return cut.replace(LONE_SURROGATE, '\ufffd').replace(UNSEEN, (unseen) => `‹U+${hex(unseen)}›`);
}

export function hex(character: string): string {
  return character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
}
