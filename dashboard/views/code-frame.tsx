import type { CodeFrame as Frame, Site } from '../../protocol/index.js';
import { whole } from '../names.js';

/** Source lines around the site, with a caret under the column. */
export function CodeFrame({ frame, site }: { readonly frame: Frame; readonly site: Site }) {
  const last = frame.startLine + frame.lines.length - 1;
  const width = String(last).length;
  return (
    <div class="scroll code-frame" role="region" aria-label="Source lines" tabIndex={0}>
      <pre>
        {frame.lines.map((line, index) => {
          const number = frame.startLine + index;
          const here = number === site.line;
          return (
            <span class={here ? 'line here' : 'line'} key={number}>
              <span class="line-number">{String(number).padStart(width)}</span>
              <span>{whole(line.replaceAll('\t', '  '))}</span>
              {'\n'}
              {here && site.column > 0 && (
                <span class="caret" aria-hidden="true">
                  <span class="line-number">{' '.repeat(width)}</span>
                  <span>{`${' '.repeat(caretOffset(line, site.column))}^`}</span>
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

/** Tabs are shown as two spaces, so the caret moves with them. */
function caretOffset(line: string, column: number): number {
  return Math.min(400, line.slice(0, column - 1).replaceAll('\t', '  ').length);
}
