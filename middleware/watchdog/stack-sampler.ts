import { CURRENT_RUN_SYMBOL, type RawFrame, SAMPLE_STACK_SYMBOL, type StackSample } from './messages.js';
import { CULPRIT, hrtimeMs, type SharedState } from './shared.js';

const MAX_FRAMES = 50;
/** JavaScript answers within a millisecond or two; who takes longer was in native code, and may be elsewhere by now. */
export const LATE_MS = 30;

/**
 * The main thread's half of stack capture: a global function that the watchdog's inspector session calls in a V8
 * interrupt, on top of whatever blocks. It answers that code's stack and view run and goes on: no debugger, no pause.
 * It also leaves in shared memory whose run it found, so that the main thread knows it before the block ends.
 */
export function installStackSampler(shared: SharedState): void {
  const heldMs = new Map<number, number>();
  let stallBeats = -1;
  let lastAtMs = 0;

  const sample = (askedAtMs: number): string => {
    const atMs = hrtimeMs();
    const beats = shared.beats;
    const [runId, viewId] = currentRunAndView();
    const late = atMs - askedAtMs > LATE_MS && !(viewId !== 0 && viewId === shared.currentViewId);
    if (beats !== stallBeats) {
      stallBeats = beats;
      lastAtMs = shared.heartbeatMs;
      heldMs.clear();
    }
    if (!late) {
      const culprit = runId === 0 ? CULPRIT.background : runId;
      heldMs.set(culprit, (heldMs.get(culprit) ?? 0) + atMs - lastAtMs);
      shared.culpritRunId = longest(heldMs);
    }
    lastAtMs = atMs;
    const answer: StackSample = { atMs, beats, runId, viewId, late, frames: currentFrames(sample) };
    return JSON.stringify(answer);
  };
  Object.defineProperty(globalThis, Symbol.for(SAMPLE_STACK_SYMBOL), { value: sample, configurable: true });
}

function currentRunAndView(): [number, number] {
  const current: unknown = Reflect.get(globalThis, Symbol.for(CURRENT_RUN_SYMBOL));
  if (typeof current !== 'function') return [0, 0];
  const [runId, viewId] = String(current()).split(':').map(Number);
  return [runId || 0, viewId || 0];
}

function longest(heldMs: ReadonlyMap<number, number>): number {
  let culprit: number = CULPRIT.unknown;
  let most = -1;
  for (const [id, ms] of heldMs) {
    if (ms > most) {
      most = ms;
      culprit = id;
    }
  }
  return culprit;
}

/** The frames above `below`, read through V8's call sites; the host's own stack settings are as before afterwards. */
function currentFrames(below: (...args: never[]) => unknown): RawFrame[] {
  const { stackTraceLimit, prepareStackTrace } = Error;
  const holder: { stack?: unknown } = {};
  try {
    Error.stackTraceLimit = MAX_FRAMES;
    Error.prepareStackTrace = (_error, sites) => sites.map(toRawFrame);
    Error.captureStackTrace(holder, below);
    return Array.isArray(holder.stack) ? dropEvaluation(holder.stack) : [];
  } catch {
    // A host that froze Error keeps its settings, and this sample has no frames.
    return [];
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
}

/** The innermost frame is the inspector's evaluated expression itself: code without a file. */
function dropEvaluation(frames: RawFrame[]): RawFrame[] {
  return frames[0]?.file === '' && frames[0].function === '' ? frames.slice(1) : frames;
}

function toRawFrame(site: NodeJS.CallSite): RawFrame {
  const file = site.getFileName() ?? '';
  const name = site.getFunctionName() ?? '';
  // Built-in functions have no file: `RegExp.test` says more than `test`.
  const type = file === '' && site.isNative?.() !== true && name !== '' ? site.getTypeName() : null;
  return {
    function: type === null || type === 'Object' ? name : `${type}.${name}`,
    file: String(file),
    line: site.getLineNumber() ?? 0,
    column: site.getColumnNumber() ?? 0,
  };
}
