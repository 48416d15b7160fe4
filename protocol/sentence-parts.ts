/** A piece of a sentence: `code` is a name and set as such, `figure` stands out. `text` is not escaped. */
export interface SentencePart {
  readonly kind: 'words' | 'code' | 'figure';
  readonly text: string;
}

// Names between backticks, `METHOD /route`, `module.function` and `file.ts:41`, and figures with their unit.
const PARTS =
  /(`[^`]+`|\b(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) \/\S*?(?=[\s,;:.)]*(?:\s|$))|\b[A-Za-z_$][\w$/-]*(?:\.[\w$]+)+(?::\d+)*|\d[\d,.]*\d? ?(?:ms|min|s|h|%)(?![\w]))/;

/**
 * A sentence of ours in the parts that are set differently.
 *
 * @example sentenceParts('`GET /a` held 3 ms.') // code 'GET /a', words ' held ', figure '3 ms', words '.'
 */
export function sentenceParts(sentence: string): SentencePart[] {
  return sentence
    .split(PARTS)
    .map((text, index): SentencePart => {
      if (index % 2 === 0) return { kind: 'words', text };
      if (text.startsWith('`')) return { kind: 'code', text: text.slice(1, -1) };
      return { kind: /^[A-Za-z_$]/.test(text) ? 'code' : 'figure', text };
    })
    .filter(({ text }) => text !== '');
}
