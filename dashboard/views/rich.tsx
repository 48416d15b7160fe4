// Names between backticks, `METHOD /route`, `module.function` and `file.ts:41`, and figures with their unit.
const PARTS =
  /(`[^`]+`|\b(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) \/\S*?(?=[\s,;:.)]*(?:\s|$))|\b[A-Za-z_$][\w$/-]*(?:\.[\w$]+)+(?::\d+)*|\d[\d,.]*\d? ?(?:ms|min|s|h|%)(?![\w]))/;

/** A sentence in which names are set as code and figures stand out. Everything stays text. */
export function Rich({ text }: { readonly text: string }) {
  return (
    <>
      {text.split(PARTS).map((part, index) => {
        if (index % 2 === 0) return part;
        if (part.startsWith('`')) return <code key={index}>{part.slice(1, -1)}</code>;
        if (/^[A-Za-z_$]/.test(part)) return <code key={index}>{part}</code>;
        return <b key={index}>{part}</b>;
      })}
    </>
  );
}
