import type { CodeFrame as Frame, Site } from '../../protocol/index.js';
import { highlight, type Token } from '../highlight.js';
import { whole } from '../names.js';
import { Copy } from './copy.js';

/** Code to take away, and the button that takes it. */
export function CodeBox({ code, look = '' }: { readonly code: string; readonly look?: string }) {
  return (
    <div class={`code-box ${look}`}>
      <pre>
        {highlight(legibleLines(code)).map((line, index) => (
          <>
            {index > 0 && '\n'}
            <Tokens of={line} />
          </>
        ))}
      </pre>
      <Copy text={() => code} />
    </div>
  );
}

/** Source lines around the site, with a caret under the column. */
export function CodeFrame({ frame, site }: { readonly frame: Frame; readonly site: Site }) {
  const width = String(frame.startLine + frame.lines.length - 1).length;
  const lines = highlight(legibleLines(frame.lines.join('\n')));
  return (
    <div class="scroll code-frame" role="region" aria-label="Source lines" tabIndex={0}>
      <pre>
        {lines.map((line, index) => {
          const number = frame.startLine + index;
          const here = number === site.line;
          return (
            <span class={here ? 'line here' : 'line'} key={number}>
              <span class="line-number">{String(number).padStart(width)}</span>
              <span>
                <Tokens of={line} />
              </span>
              {'\n'}
              {here && site.column > 0 && (
                <span class="caret" aria-hidden="true">
                  <span class="line-number">{' '.repeat(width)}</span>
                  <span>{`${' '.repeat(caretOffset(frame.lines[index] ?? '', site.column))}^`}</span>
                  {'\n'}
                </span>
              )}
            </span>
          );
        })}
      </pre>
    </div>
  );
}

function Tokens({ of }: { readonly of: readonly Token[] }) {
  return (
    <>
      {of.map(([kind, text], index) =>
        kind === '' ? (
          text
        ) : (
          <span key={index} class={kind}>
            {text}
          </span>
        ),
      )}
    </>
  );
}

/** Tabs are shown as two spaces. */
function legibleLines(code: string): string {
  return code
    .split('\n')
    .map((line) => whole(line.replaceAll('\t', '  ')))
    .join('\n');
}

/** The caret stands under what is shown before it: wider tabs and spelled-out characters move it along. */
function caretOffset(line: string, column: number): number {
  return Math.min(400, legibleLines(line.slice(0, column - 1)).length);
}
