import { CURRENT_RUN_SYMBOL, type RawFrame, SAMPLE_STACK_SYMBOL, type StackSample } from './messages.js';
import { hrtimeMs, processCpuMs, type SharedState } from './shared.js';

const MAX_FRAMES = 50;
/** JavaScript answers within a millisecond or two; who takes longer was in native code, and may be elsewhere by now. */
const LATE_MS = 30;

/** Whoever on the main thread wants to know of what is found in the middle of a stall. */
export interface StallWitness {
  /** True when what ran at `sharedMs` (`process.hrtime` milliseconds) is known to have ended. */
  isPast(sharedMs: number): boolean;
  /** Called on top of the code that has the loop, in its context. Must not throw. */
  sampled(): void;
}

export const NO_WITNESS: StallWitness = { isPast: () => false, sampled() {} };

/**
 * The main thread's half of stack capture: a global function that the watchdog's inspector session calls in a V8
 * interrupt, on top of whatever blocks. It answers that code's stack and view run and goes on: no debugger, no pause.
 * It also lets the witness on this thread know, so that whose block it is is known before it ends.
 */
export function installStackSampler(shared: SharedState, witness: StallWitness): void {
  const sample = (): string => {
    const { askedAtMs, askedCpuMs } = shared;
    const atMs = hrtimeMs();
    const beats = shared.beats;
    const [runId, viewId, operation] = currentRun();
    const isLate = witness.isPast(askedAtMs) || computedLong(atMs - askedAtMs, askedCpuMs);
    const late = isLate && !(viewId !== 0 && viewId === shared.currentViewId);
    if (!late) witness.sampled();
    const answer: StackSample = { atMs, beats, runId, viewId, late, operation, frames: currentFrames(sample) };
    return JSON.stringify(answer);
  };
  Object.defineProperty(globalThis, Symbol.for(SAMPLE_STACK_SYMBOL), { value: sample, configurable: true });
}

/** Native code computes while it does not answer; a thread that the machine keeps waiting does not. */
function computedLong(waitedMs: number, askedCpuMs: number): boolean {
  return waitedMs > LATE_MS && processCpuMs() - askedCpuMs > LATE_MS;
}

/** `runId:viewId:operation` */
function currentRun(): [number, number, string] {
  const current: unknown = Reflect.get(globalThis, Symbol.for(CURRENT_RUN_SYMBOL));
  if (typeof current !== 'function') return [0, 0, ''];
  const [runId, viewId, ...operation] = String(current()).split(':');
  return [Number(runId) || 0, Number(viewId) || 0, operation.join(':')];
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
