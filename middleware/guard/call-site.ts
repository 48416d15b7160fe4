import type { RawFrame } from '../watchdog/messages.js';
import type { CallSite } from './operation-call.js';
import { isOwn } from './own-frames.js';

/** Frames kept of a stack: enough to reach the app's own code through a framework's layers. */
const FRAME_LIMIT = 25;
/** Call sites kept in one process. */
export const SITE_LIMIT = 1_000;

const { captureStackTrace } = Error;

type Wrapper = (...args: never[]) => unknown;

/** The places from which sync-only operations were called. The same stack gives the same object. */
export class CallSites {
  readonly #byKey = new Map<number, CallSite>();
  readonly #fileNumbers = new Map<string, number>();
  readonly #limit: number;

  constructor(limit: number = SITE_LIMIT) {
    this.#limit = limit;
  }

  /** The caller of `wrapper`, or null when there are already as many sites as may be kept. */
  capture(wrapper: Wrapper): CallSite | null {
    const structured = captureStructured(wrapper);
    if (structured === null) return this.#intern(hashText, captureText(wrapper));
    const from = firstOutsideNode(structured);
    const key = this.#hash(structured, from);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    return this.#add(key, toFrames(structured.slice(from)));
  }

  #intern(hash: (frames: readonly RawFrame[]) => number, frames: readonly RawFrame[]): CallSite | null {
    const key = hash(frames);
    return this.#byKey.get(key) ?? this.#add(key, frames);
  }

  #add(key: number, frames: readonly RawFrame[]): CallSite | null {
    if (this.#byKey.size >= this.#limit) return null;
    const site: CallSite = { id: this.#byKey.size + 1, frames };
    this.#byKey.set(key, site);
    return site;
  }

  /** 53 bits from where each frame stands in its file, much cheaper than its line and column. */
  #hash(calls: readonly NodeJS.CallSite[], from: number): number {
    let high = 7;
    let low = 17;
    for (let i = from; i < calls.length; i++) {
      const call = calls[i] as NodeJS.CallSite;
      const file = call.getFileName();
      // Node's own frames below the app differ from one turn of the loop to the next and say nothing.
      if (file === null || file === undefined || isNode(file)) continue;
      const at = call.getPosition();
      const number = this.#fileNumber(file);
      high = (Math.imul(high, 31) + at) | 0;
      low = (Math.imul(low, 37) + Math.imul(at, 17) + number) | 0;
    }
    return (high >>> 0) * 0x200000 + (low & 0x1fffff);
  }

  #fileNumber(file: string): number {
    let number = this.#fileNumbers.get(file);
    if (number === undefined) {
      number = this.#fileNumbers.size + 1;
      // Files beyond the bound share a number; their positions still tell them apart.
      if (number < 20_000) this.#fileNumbers.set(file, number);
    }
    return number;
  }
}

/** Whether a file is part of Node.js itself. */
export function isNode(file: string): boolean {
  return file.startsWith('node:');
}

/** The callers of `wrapper` as V8 describes them; null when the host's `Error` does not let us ask. */
function captureStructured(wrapper: Wrapper): NodeJS.CallSite[] | null {
  const own = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  const limit = Error.stackTraceLimit;
  try {
    Error.prepareStackTrace = keepStructured;
    Error.stackTraceLimit = FRAME_LIMIT;
    const holder: { stack?: unknown } = {};
    captureStackTrace(holder, wrapper);
    return Array.isArray(holder.stack) ? holder.stack : null;
  } catch {
    return null;
  } finally {
    try {
      if (own === undefined) delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace;
      else Object.defineProperty(Error, 'prepareStackTrace', own);
      Error.stackTraceLimit = limit;
    } catch {
      // A host that froze Error part of the way: it is as it was, since nothing could be set.
    }
  }
}

function keepStructured(_error: Error, calls: NodeJS.CallSite[]): NodeJS.CallSite[] {
  return calls;
}

/** Skips the frames of Node between the wrapper and the code that called into it, such as the module loader. */
function firstOutsideNode(calls: readonly NodeJS.CallSite[]): number {
  for (let i = 0; i < calls.length; i++) {
    const file = calls[i]?.getFileName();
    if (typeof file === 'string' && !isNode(file) && !isOwn(file)) return i;
  }
  return 0;
}

function toFrames(calls: readonly NodeJS.CallSite[]): RawFrame[] {
  const frames: RawFrame[] = [];
  for (const call of calls) {
    const file = call.getFileName() ?? call.getEvalOrigin() ?? '';
    if (isOwn(file)) continue;
    frames.push({
      function: functionName(call),
      file,
      line: call.getLineNumber() ?? 0,
      column: call.getColumnNumber() ?? 0,
    });
  }
  return frames;
}

/** `Class.method`, `function`, or empty for code at the top level. */
function functionName(call: NodeJS.CallSite): string {
  const name = call.getFunctionName() ?? '';
  // Asking an async or top-level frame for its type would only give `Object` or the global.
  if (name === '' || call.isToplevel() || call.isAsync?.() || name.includes('.')) return name;
  const type = call.getTypeName();
  return type === null || type === 'Object' || type === 'Function' ? name : `${type}.${name}`;
}

/** The same from the printed stack, for a host that took `Error.prepareStackTrace` away. */
function captureText(wrapper: Wrapper): RawFrame[] {
  const holder: { stack?: unknown } = {};
  captureStackTrace(holder, wrapper);
  const frames: RawFrame[] = [];
  if (typeof holder.stack !== 'string') return frames;
  for (const line of holder.stack.split('\n')) {
    const match = /^ +at (?:async )?(?:(.*?) \()?(.*?):(\d+):(\d+)\)?$/.exec(line);
    if (match === null || isOwn(line)) continue;
    const [, name = '', file = '', row, column] = match;
    if (frames.length === 0 && isNode(file)) continue;
    frames.push({ function: name, file, line: Number(row), column: Number(column) });
  }
  return frames;
}

function hashText(frames: readonly RawFrame[]): number {
  let hash = 7;
  for (const { file, line, column } of frames) {
    if (isNode(file)) continue;
    for (const text of [file, `:${line}:${column}`]) {
      for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
    }
  }
  return hash;
}
