export type TokenKind = '' | 'comment' | 'string' | 'keyword';
export type Token = readonly [kind: TokenKind, text: string];

// Comments (also the inside of one that began above), strings and templates, the words of JavaScript and TypeScript.
const TOKEN =
  /(\/\/.*|\/\*[\s\S]*?(?:\*\/|(?![\s\S]))|^[ \t]*\*.*)|('(?:\\.|[^'\\\n])*'?|"(?:\\.|[^"\\\n])*"?|`(?:\\[\s\S]|[^`\\])*`?)|\b(as|async|await|break|case|catch|class|const|continue|default|delete|do|else|export|extends|false|finally|for|from|function|if|import|in|instanceof|interface|let|new|null|of|return|static|super|switch|this|throw|true|try|type|typeof|undefined|var|void|while|yield)\b(?!\s*:)/gm;

/** Nothing is called, set or opened: an alternative that is said in words. */
const PROSE = /^[^(;={]*$/;

/** Code in coloured pieces, by line. It is no parser: what it gets wrong is a colour. Every piece stays text. */
export function highlight(code: string): Token[][] {
  const lines: Token[][] = [[]];
  const add = (kind: TokenKind, text: string): void => {
    text.split('\n').forEach((part, index) => {
      if (index > 0) lines.push([]);
      if (part !== '') lines.at(-1)?.push([kind, part]);
    });
  };
  let end = 0;
  for (const match of PROSE.test(code) ? [] : code.matchAll(TOKEN)) {
    add('', code.slice(end, match.index));
    add(match[1] !== undefined ? 'comment' : match[2] !== undefined ? 'string' : 'keyword', match[0]);
    end = match.index + match[0].length;
  }
  add('', code.slice(end));
  return lines;
}
