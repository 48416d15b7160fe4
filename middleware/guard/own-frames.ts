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

const FRAME = '\n    at ';

/**
 * Takes our frames out of the stack of an error that a wrapped call threw, and puts the callers that they pushed over
 * the limit back in, so that it reads as it would without Holdup. Returns the very same value.
 */
export function withoutOurFrames(error: unknown, wrapper: (...args: never[]) => unknown): unknown {
  try {
    if (typeof error !== 'object' || error === null) return error;
    const stack: unknown = (error as Error).stack;
    if (typeof stack !== 'string' || !isOwn(stack)) return error;
    const [header, ...frames] = stack.split(FRAME) as [string, ...string[]];
    const last = frames.findLastIndex(isOwn);
    if (last === -1) return error;
    const limit = Number(Error.stackTraceLimit);
    const inner = frames.slice(0, last).filter((frame) => !isOwn(frame));
    const outer = frames.length < limit ? frames.slice(last + 1) : callersOf(wrapper, limit - inner.length);
    (error as Error).stack = [header, ...inner, ...outer].join(FRAME);
  } catch {
    // A frozen error, or a host whose own stack formatting failed: it keeps our frame.
  }
  return error;
}

function callersOf(wrapper: (...args: never[]) => unknown, count: number): string[] {
  const holder: { stack?: unknown } = {};
  captureStackTrace(holder, wrapper);
  if (typeof holder.stack !== 'string') return [];
  return holder.stack
    .split(FRAME)
    .slice(1)
    .filter((frame) => !isOwn(frame))
    .slice(0, Math.max(0, count));
}
