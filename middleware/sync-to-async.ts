import type { AnyFunction } from './guard/wrap.js';
import type { Target } from './sync-to-async/messages.js';
import { poolFor, QUEUE_LIMIT } from './sync-to-async/pool.js';
import { revive } from './sync-to-async/revive.js';
import { functionTarget, moduleTarget } from './sync-to-async/target.js';

export interface SyncToAsyncOptions {
  /**
   * Calls with the same key run one after another on one thread that is the key's own, so that what they keep there (a
   * database connection) is theirs. Django's `thread_sensitive`. Any value but `false`; at most 32 keys.
   */
  readonly threadSensitive?: unknown;
}

/** The same function, asynchronous. A last argument that is an AbortSignal cancels the call. */
export type Asynchronous<F> = F extends (...args: infer A) => infer R
  ? (...args: [...A, signal?: AbortSignal]) => Promise<Awaited<R>>
  : never;

/**
 * Makes a synchronous function run on a worker thread, so that the event loop stays free. Django's `sync_to_async`.
 *
 * The function is a sync function of Node.js itself, or an export of a module: a closure cannot move to another
 * thread. Arguments and results are copied (structured clone). Errors come back with type, message, `code` and other
 * properties, and a stack that shows both sides.
 *
 * @returns A function that takes the same arguments, and optionally an AbortSignal after them, and returns a promise.
 * @throws {TypeError} for a closure, an async function, or a module given without saying from where.
 * Its promise rejects with a TypeError for an argument or result that cannot be copied, with an Error of code
 * `HOLDUP_QUEUE_FULL` when 1,000 calls wait already, and of code `HOLDUP_WORKER_DIED` when the thread ended (the next
 * call gets a new one).
 *
 * @example
 * ```ts
 * const pbkdf2 = syncToAsync(crypto.pbkdf2Sync);
 * const key = await pbkdf2('secret', salt, 600_000, 64, 'sha512');
 *
 * const render = syncToAsync(new URL('./render.js', import.meta.url), 'renderInvoice');
 * const pdf = await render(invoice, AbortSignal.timeout(5_000));
 * ```
 */
export function syncToAsync<F extends (...args: never[]) => unknown>(
  fn: F,
  options?: SyncToAsyncOptions,
): Asynchronous<F>;
export function syncToAsync<R = unknown>(
  module: URL | string,
  exportName: string,
  options?: SyncToAsyncOptions,
): (...args: unknown[]) => Promise<R>;
export function syncToAsync(first: unknown, second?: unknown, third?: SyncToAsyncOptions): unknown {
  if (typeof first === 'function') return onThread(functionTarget(first as AnyFunction), second as SyncToAsyncOptions);
  if (typeof first === 'string' || first instanceof URL) return onThread(moduleTarget(first, second), third);
  throw new TypeError(
    "syncToAsync needs a sync function of Node.js, such as crypto.pbkdf2Sync, or a module's URL and an export's name",
  );
}

function onThread(
  target: Target,
  { threadSensitive }: SyncToAsyncOptions = {},
): (...args: unknown[]) => Promise<unknown> {
  const name = target.path.slice(target.path.lastIndexOf('.') + 1);
  const call = async (...given: unknown[]): Promise<unknown> => {
    const caller: { stack?: string } = {};
    Error.captureStackTrace(caller, call);
    const signal = given.at(-1) instanceof AbortSignal ? (given.at(-1) as AbortSignal) : null;
    const args = signal === null ? given : given.slice(0, -1);
    const pool = await poolFor(threadSensitive);
    // Our own bound: calls that can be aborted pass by the pool's.
    if (pool.queueSize >= QUEUE_LIMIT) throw queueFull(name);
    const outcome = await pool.run({ target, args }, { signal }).catch((error: unknown) => {
      throw explain(error, name, args);
    });
    return revive(outcome, String(caller.stack).split('\n').slice(1).join('\n'));
  };
  return Object.defineProperty(call, 'name', { value: name });
}

function queueFull(name: string): Error {
  const text = `syncToAsync(${name}): ${QUEUE_LIMIT} calls wait for a thread already; shed load or try again later`;
  return Object.assign(new Error(text), { code: 'HOLDUP_QUEUE_FULL' });
}

/** The pool's own errors in words that say what to do; anything else is the function's own. */
function explain(error: unknown, name: string, args: readonly unknown[]): unknown {
  const { message = '', name: type } = (error ?? {}) as Partial<Error>;
  if (type === 'DataCloneError') {
    const index = args.findIndex((arg) => !isCopyable(arg));
    const what = index === -1 ? 'its result' : `argument ${index + 1} (${kindOf(args[index])})`;
    return new TypeError(`syncToAsync(${name}): ${what} cannot be copied to another thread; pass plain data`, {
      cause: error,
    });
  }
  if (/^worker exited/.test(message)) {
    const text = `syncToAsync(${name}): its worker thread ended during the call (${message}); the next call gets a new one`;
    return Object.assign(new Error(text, { cause: error }), { code: 'HOLDUP_WORKER_DIED' });
  }
  return error;
}

function isCopyable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

function kindOf(value: unknown): string {
  return typeof value === 'function' ? `the function ${value.name || '(anonymous)'}` : typeof value;
}
