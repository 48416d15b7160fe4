import type { SampleDetail, StackFrame } from '../../protocol/index.js';
import { duration, percent, plural } from '../format.js';
import { legible, placeOf, wholePlace } from '../names.js';

/** A frame, the time held beneath it, and what it called, longest first. */
interface Node {
  readonly frame: StackFrame;
  readonly children: Map<string, Node>;
  ms: number;
}

/** More steps than this nobody reads. */
const DEEPEST = 20;

/** Where the time of several samples went: their stacks laid over one another, as wide as they held the loop. */
export function TimeSpent({ samples }: { readonly samples: readonly SampleDetail[] }) {
  const roots = new Map<string, Node>();
  let total = 0;
  for (const sample of samples) {
    const path = pathOf(sample.stack);
    if (path.length === 0) continue;
    const ms = ownTime(sample, samples);
    total += ms;
    let level = roots;
    for (const frame of path) {
      const key = `${frame.function} ${wholePlace(frame)}`;
      const node = level.get(key) ?? { frame, children: new Map(), ms: 0 };
      node.ms += ms;
      level.set(key, node);
      level = node.children;
    }
  }
  // One stack only is the stack above.
  if (!branches(roots)) return null;
  return (
    <section class="panel" aria-labelledby="went-title">
      <div class="panel-head">
        <h2 id="went-title">Where the time went</h2>
        <p class="hint">{plural(samples.length, 'sample')}, callers above what they called</p>
      </div>
      <div class="scroll" role="region" aria-label="Stacks laid over one another" tabIndex={0}>
        <Level nodes={roots} total={total} />
      </div>
    </section>
  );
}

function Level({ nodes, total }: { readonly nodes: Node['children']; readonly total: number }) {
  return (
    <ul class="icicle">
      {[...nodes.values()]
        .sort((a, b) => b.ms - a.ms)
        .map(({ frame, ms, children }) => {
          const name = frame.function === '' ? '(anonymous)' : legible(frame.function, 60);
          const share = `${percent(ms / total)} ${duration(ms)}`;
          return (
            <li key={name + wholePlace(frame)} style={{ flexGrow: ms }}>
              <div class={frame.inApp ? 'in-app' : ''} title={`${name} ${wholePlace(frame)}\n${share}`}>
                <bdi class="clip">{name}</bdi>
                <small class="clip">
                  {percent(ms / total)} <bdi>{placeOf(frame)}</bdi>
                </small>
              </div>
              {children.size > 0 && <Level nodes={children} total={total} />}
            </li>
          );
        })}
    </ul>
  );
}

/**
 * The app's own frames from the outside in, and at the end what the innermost of them waited in. A function that calls
 * itself is one step.
 */
function pathOf(stack: readonly StackFrame[]): StackFrame[] {
  const shown = stack.filter((frame, index) => frame.inApp || index === 0);
  const isAgain = ({ function: name, file }: StackFrame, index: number): boolean =>
    shown[index - 1]?.function === name && shown[index - 1]?.file === file;
  return shown
    .filter((frame, index) => !isAgain(frame, index))
    .slice(0, DEEPEST)
    .reverse();
}

/** The samples of one long hold lie within it: its own place has what they leave. */
function ownTime(sample: SampleDetail, samples: readonly SampleDetail[]): number {
  const within = samples.filter(
    ({ at, instance }) => instance === sample.instance && at > sample.at && at < sample.at + sample.durationMs,
  );
  return Math.max(
    1,
    within.reduce((left, { durationMs }) => left - durationMs, sample.durationMs),
  );
}

function branches(nodes: Node['children']): boolean {
  return nodes.size > 1 || [...nodes.values()].some(({ children }) => branches(children));
}
