import { fileURLToPath, pathToFileURL } from 'node:url';

// Both the built files and, for hosts that run with --enable-source-maps, the sources they map to.
const BUILT = new URL('../', import.meta.url).href;
const PACKAGE = new URL('../../', BUILT).href;
const OWN_ROOTS = [BUILT, `${PACKAGE}middleware/`].flatMap((url) => [url, fileURLToPath(url)]);

const { captureStackTrace } = Error;

/** A directory whose frames are Holdup's too, for a host that bundled it elsewhere. */
export function addOwnRoot(directory: string): void {
  if (directory !== '' && !OWN_ROOTS.includes(directory)) OWN_ROOTS.push(directory, pathToFileURL(directory).href);
}

/** Whether a file, or a line of a printed stack, is Holdup's own. */
export function isOwn(text: string): boolean {
  for (const root of OWN_ROOTS) if (text.includes(root)) return true;
  return false;
}

type Wrapper = (...args: never[]) => unknown;

const FRAME = '\n    at ';

/**
 * Takes the wrappers' frames out of the stack of an error that a wrapped call threw, and puts the callers that they
 * pushed over the limit back in, so that it reads as it would without Holdup. Returns the very same value.
 */
export function withoutOurFrames(error: unknown, wrapper: Wrapper): unknown {
  try {
    if (typeof error !== 'object' || error === null) return error;
    const stack: unknown = (error as Error).stack;
    if (typeof stack !== 'string' || !isOwn(stack)) return error;
    const [header, ...frames] = stack.split(FRAME) as [string, ...string[]];
    const limit = Error.stackTraceLimit;
    const callers = callersOf(wrapper, limit);
    // The wrapper's own frame is the one before its callers; V8 may have cut the stack before it.
    const end = frames.findIndex((frame, at) => isWrapper(frame) && startsWith(callers, frames, at + 1)) + 1;
    const inner = frames.slice(0, end === 0 ? frames.length : end).filter((frame) => !isWrapper(frame));
    if (end === 0) {
      (error as Error).stack = [header, ...inner].join(FRAME);
      return error;
    }
    const innermost = inner.length - 1;
    if (innermost >= 0) inner[innermost] = named(inner[innermost] as string, frames[end - 1] as string);
    const outer = (frames.length < limit ? frames.slice(end) : callers).filter((frame) => !isWrapper(frame));
    (error as Error).stack = [header, ...inner, ...outer].slice(0, limit + 1).join(FRAME);
  } catch {
    // A frozen error, or a host whose own stack formatting failed: it keeps our frames.
  }
  return error;
}

/** The modules whose functions stand between the app and what it called. */
const WRAPPER_FILE = /[\\/]guard[\\/](?:wrap|databases|module-load)\.[jt]s:/;

function isWrapper(frame: string): boolean {
  return WRAPPER_FILE.test(frame) && isOwn(frame);
}

function startsWith(callers: readonly string[], frames: readonly string[], from: number): boolean {
  for (let i = from; i < frames.length; i++) if (frames[i] !== callers[i - from]) return false;
  return true;
}

/**
 * V8 finds a method's name, `Object.syncBufferWrapper [as gunzipSync]`, by looking for the function on its receiver.
 * There it found the wrapper, so the wrapper's frame has the name that the original's would have.
 */
function named(original: string, wrapper: string): string {
  const at = original.indexOf(' (node:');
  const end = wrapper.lastIndexOf(' (');
  if (at === -1 || end === -1 || original.startsWith('new ')) return original;
  const isLost = original.includes('<anonymous>') || (wrapper.includes(' [as ') && !original.includes(' [as '));
  return isLost ? wrapper.slice(0, end) + original.slice(at) : original;
}

/** The printed frames below the wrapper, and a few more than the limit, since some may be wrappers again. */
function callersOf(wrapper: Wrapper, limit: number): string[] {
  const holder: { stack?: unknown } = {};
  try {
    Error.stackTraceLimit = limit + 10;
    captureStackTrace(holder, wrapper);
    return typeof holder.stack === 'string' ? holder.stack.split(FRAME).slice(1) : [];
  } finally {
    Error.stackTraceLimit = limit;
  }
}
