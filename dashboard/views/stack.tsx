import type { StackFrame } from '../../protocol/index.js';
import { editorLink } from '../editor.js';
import { legible, placeOf, wholePlace } from '../names.js';

type Run = { readonly inApp: boolean; readonly frames: readonly StackFrame[] };

/** The stack, innermost first; the user's own frames stand out, runs of library frames are folded. */
export function Stack({ stack }: { readonly stack: readonly StackFrame[] }) {
  if (stack.length === 0) return <p class="empty">No stack was taken for this hold.</p>;
  return (
    <ol class="stack">
      {runsOf(stack).map((run, index) =>
        run.inApp || run.frames.length === 1 ? (
          run.frames.map((frame, at) => <Frame key={`${index} ${at}`} frame={frame} />)
        ) : (
          <li key={index} class="folded">
            <details>
              <summary>{run.frames.length} library frames</summary>
              <ol class="stack">
                {run.frames.map((frame, at) => (
                  <Frame key={at} frame={frame} />
                ))}
              </ol>
            </details>
          </li>
        ),
      )}
    </ol>
  );
}

/** Neighbouring frames of one kind together. */
function runsOf(stack: readonly StackFrame[]): Run[] {
  const runs: { inApp: boolean; frames: StackFrame[] }[] = [];
  for (const frame of stack) {
    const last = runs.at(-1);
    if (last !== undefined && last.inApp === frame.inApp) last.frames.push(frame);
    else runs.push({ inApp: frame.inApp, frames: [frame] });
  }
  return runs;
}

function Frame({ frame }: { readonly frame: StackFrame }) {
  const link = frame.inApp ? editorLink(frame) : null;
  const place = placeOf(frame) || 'native';
  return (
    <li class={frame.inApp ? 'frame in-app' : 'frame'}>
      <bdi class="frame-function">{frame.function === '' ? '(anonymous)' : legible(frame.function, 120)}</bdi>
      <bdi class="frame-place" title={wholePlace(frame)}>
        {link === null ? place : <a href={link}>{place}</a>}
      </bdi>
    </li>
  );
}
