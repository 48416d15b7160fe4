import type { Outcome, ThrownError } from './messages.js';

/** Returns or throws on this side what the function returned or threw on the other. */
export function revive(outcome: Outcome, callerStack: string): unknown {
  if (outcome.type === 'threw') throw outcome.error === null ? outcome.value : reviveError(outcome.error, callerStack);
  const { value, buffers } = outcome;
  if (buffers.includes('')) return toBuffer(value);
  for (const key of buffers) {
    const holder = value as Record<string, unknown>;
    holder[key] = toBuffer(holder[key]);
  }
  return value;
}

const TYPES: Readonly<Record<string, ErrorConstructor>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

function reviveError({ name, message, stack, properties }: ThrownError, callerStack: string): Error {
  const Type = TYPES[name] ?? Error;
  const error = new Type(message);
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name, writable: true, configurable: true });
  Object.assign(error, properties);
  // What happened in the worker, then who asked for it.
  error.stack = `${withoutWorkerFrames(stack)}\n    at (worker thread of syncToAsync)\n${callerStack}`;
  return error;
}

/** The frames of our worker and of the pool say nothing about the app. */
function withoutWorkerFrames(stack: string): string {
  const lines = stack.split('\n');
  const end = lines.findIndex(
    (line) => /^ {4}at /.test(line) && /sync-(?:to-async\/)?worker\.[jt]s/.test(line.replaceAll('\\', '/')),
  );
  return (end === -1 ? lines : lines.slice(0, end)).join('\n');
}

function toBuffer(value: unknown): Buffer {
  const { buffer, byteOffset, byteLength } = value as Uint8Array<ArrayBuffer>;
  return Buffer.from(buffer, byteOffset, byteLength);
}
