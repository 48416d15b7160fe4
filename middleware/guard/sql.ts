/** Of a longer statement only the beginning is shown. */
const SHOWN = 200;
/** And of a very long one only this much is looked at. */
const READ = 4_000;

/**
 * SQL without the values in it: literals become `?`, a list of them one `?`, comments go, white space is single. So it
 * can be shown and grouped by, and holds nobody's data.
 */
export function withoutLiterals(sql: string): string {
  const text = sql
    .slice(0, READ)
    .replace(/--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g, ' ')
    .replace(/[xXbB]?'(?:[^']|'')*(?:'|$)/g, '?')
    .replace(/(?<![\w$@:?.])[-+]?(?:0x[\da-f]+|\d+(?:\.\d*)?(?:e[-+]?\d+)?|\.\d+)\b/gi, '?')
    .replace(/\(\s*(?:\?\s*,\s*)+\?\s*\)/g, '(?)')
    .replace(/\s+/g, ' ')
    .trim();
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
