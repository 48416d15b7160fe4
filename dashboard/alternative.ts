import type { CodeFrame, IncidentDetail, Site } from '../protocol/index.js';

/** `await fs.promises.readFile(path)`, `await promisify(crypto.pbkdf2)(password, …)`: what is called, and its name. */
const CALL = /^(await (?:[\w.]+\.|promisify\([\w.]+\.)(\w+)\)?)\(.*\)$/s;
const LONGEST = 300;

/**
 * What to write instead, with the very arguments of this call where the source line shows them. An async function of
 * Node's takes what its sync twin takes, so this is done for twins only: `readFileSync` and `readFile`.
 */
export function alternativeFor({ alternative, operation, codeFrame, site }: IncidentDetail): string {
  const [, callee, name = ''] = CALL.exec(alternative) ?? [];
  const own = operation.slice(operation.lastIndexOf('.') + 1);
  if (callee === undefined || codeFrame === null || own !== `${name}Sync`) return alternative;
  const given = argumentsAt(codeFrame, site, own);
  return given === null ? alternative : `${callee}(${given})`;
}

/** The text between the call's parentheses; null when it is not all there. */
function argumentsAt(frame: CodeFrame, site: Site, name: string): string | null {
  const [line = '', ...after] = frame.lines.slice(site.line - frame.startLine);
  const at = line.indexOf(`${name}(`, Math.max(0, site.column - 1));
  if (site.line < frame.startLine || at === -1) return null;
  const text = [line.slice(at + name.length + 1), ...after].join('\n').slice(0, LONGEST);
  let depth = 1;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === '\\') i++;
    else if (quote !== '') quote = character === quote ? '' : quote;
    else if ('"\'`'.includes(character)) quote = character;
    else if ('([{'.includes(character)) depth++;
    else if (')]}'.includes(character) && --depth === 0)
      return text
        .slice(0, i)
        .replace(/\s*\n\s*/g, ' ')
        .trim();
  }
  return null;
}
