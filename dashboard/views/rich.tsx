import { sentenceParts } from '../../protocol/index.js';

/** A sentence in which names are set as code and figures stand out. Everything stays text. */
export function Rich({ text }: { readonly text: string }) {
  return (
    <>
      {sentenceParts(text).map((part, index) => {
        if (part.kind === 'words') return part.text;
        return part.kind === 'code' ? <code key={index}>{part.text}</code> : <b key={index}>{part.text}</b>;
      })}
    </>
  );
}
