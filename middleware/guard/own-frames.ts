import { fileURLToPath } from 'node:url';
import { OWN_DIRECTORIES } from '../own-files.js';

const OWN_ROOTS = OWN_DIRECTORIES.flatMap((url) => [url.href, fileURLToPath(url)]);

const { captureStackTrace } = Error;

/** Whether a file, or a line of a printed stack, is Holdup's own. */
export function isOwn(text: string): boolean {
  for (const root of OWN_ROOTS) if (text.includes(root)) return true;
  return false;
}

/** Node's frames that are there because somebody, as we do, has hooks in the way modules are found. */
const HOOK_FRAME =
  /^(?:defaultResolve|nextStep|resolveWithHooks) \(node:internal\/modules\/(?:cjs\/loader|customization_hooks):/;

function isOurs(frame: string): boolean {
  return isOwn(frame) || HOOK_FRAME.test(frame);
}

type Wrapper = (...args: never[]) => unknown;

const FRAME = '\n    at ';

/** Errors whose stack is cleaned when somebody reads it. */
const lazily = new WeakSet<object>();

/**
 * Takes our frames out of the stack of an error that a wrapped call threw, and puts the callers that they
 * pushed over the limit back in, so that it reads as it would without Holdup. Returns the very same value.
 */
export function withoutOurFrames(error: unknown, wrapper: Wrapper): unknown {
  try {
    if (!(error instanceof Error) || lazily.has(error)) return error;
    const own = Object.getOwnPropertyDescriptor(error, 'stack');
    if (own === undefined) return error;
    // Since V8 12 (Node 22) `stack` is an accessor anyway, so the text, which costs far more than the error, can wait
    // until it is wanted. Most failing calls are caught by code that never looks at it.
    if (own.get !== undefined && own.set !== undefined && own.configurable === true) cleanLater(error, own, wrapper);
    else {
      const { stack } = error;
      if (typeof stack !== 'string' || !isOwn(stack)) return error;
      const limit = Error.stackTraceLimit;
      error.stack = clean(stack, callersOf(capture(wrapper, limit)), limit);
    }
  } catch {
    // A frozen error, or a host whose own stack formatting failed: it keeps our frames.
  }
  return error;
}

function cleanLater(error: Error, own: PropertyDescriptor, wrapper: Wrapper): void {
  const limit = Error.stackTraceLimit;
  const holder = capture(wrapper, limit);
  let text: unknown;
  let isKnown = false;
  Object.defineProperty(error, 'stack', {
    ...own,
    get() {
      if (isKnown) return text;
      isKnown = true;
      text = own.get?.call(error);
      if (typeof text === 'string' && isOwn(text)) text = clean(text, callersOf(holder), limit);
      return text;
    },
    set(value: unknown) {
      isKnown = true;
      text = value;
      own.set?.call(error, value);
    },
  });
  lazily.add(error);
}

function clean(stack: string, callers: readonly string[], limit: number): string {
  const [header, ...frames] = stack.split(FRAME) as [string, ...string[]];
  // The wrapper's own frame is the one before its callers; V8 may have cut the stack before it.
  const end = frames.findIndex((frame, at) => isOwn(frame) && startsWith(callers, frames, at + 1)) + 1;
  const inner = frames.slice(0, end === 0 ? frames.length : end).filter((frame) => !isOurs(frame));
  if (end === 0) return [header, ...inner].join(FRAME);
  const innermost = inner.length - 1;
  if (innermost >= 0) inner[innermost] = named(inner[innermost] as string, frames[end - 1] as string);
  const outer = (frames.length < limit ? frames.slice(end) : callers).filter((frame) => !isOurs(frame));
  return [header, ...inner, ...outer].slice(0, limit + 1).join(FRAME);
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

interface StackHolder {
  readonly stack?: unknown;
}

/** The stack below the wrapper, and a few frames more than the limit, since some may be wrappers again. Not yet text. */
function capture(wrapper: Wrapper, limit: number): StackHolder {
  const holder: StackHolder = {};
  try {
    Error.stackTraceLimit = limit + 10;
    captureStackTrace(holder, wrapper);
  } finally {
    Error.stackTraceLimit = limit;
  }
  return holder;
}

function callersOf({ stack }: StackHolder): string[] {
  return typeof stack === 'string' ? stack.split(FRAME).slice(1) : [];
}
