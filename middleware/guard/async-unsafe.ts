import { GuardedOperation } from './guarded-operation.js';
import { register } from './registry.js';
import { type AnyFunction, wrapSync } from './wrap.js';

export interface AsyncUnsafeOptions {
  /** What it is called in incidents. Default: the function's own name. */
  readonly name?: string;
  /** The code to write instead: `await queue.add("rebuild")`. */
  readonly alternative?: string;
}

/**
 * Marks a function of your own as sync-only: called in a view, it is recorded like `fs.readFileSync`, or raises
 * SynchronousOnlyOperation in throw mode. Elsewhere it runs as ever. Django's `@async_unsafe`.
 *
 * @returns A function that looks and behaves like `fn`; or, given only options, a method decorator.
 * @throws {TypeError} for what is not a function, and for an async function: it does not block by contract.
 *
 * @example
 * ```ts
 * export const rebuildIndex = asyncUnsafe(rebuild, { alternative: 'await queue.add("rebuild")' });
 *
 * class Search {
 *   @asyncUnsafe({ alternative: 'await queue.add("rebuild")' })
 *   rebuild() { … }
 * }
 * ```
 */
export function asyncUnsafe<F extends (...args: never[]) => unknown>(fn: F, options?: AsyncUnsafeOptions): F;
export function asyncUnsafe(
  options: AsyncUnsafeOptions,
): <F extends (...args: never[]) => unknown>(method: F, context: ClassMethodDecoratorContext) => F;
export function asyncUnsafe(target: unknown, options?: unknown): unknown {
  if (typeof target === 'function') {
    // As a bare decorator, `@asyncUnsafe`, the second argument is the decorator's context.
    return mark(target as AnyFunction, isDecoratorContext(options) ? { name: String(options.name) } : (options ?? {}));
  }
  if (typeof target === 'object' && target !== null) {
    return (method: AnyFunction, context: { readonly name: string | symbol }) =>
      mark(method, { name: String(context?.name ?? ''), ...target });
  }
  throw new TypeError('asyncUnsafe(fn, { name, alternative }) needs a function');
}

function mark(fn: AnyFunction, { name, alternative = '' }: AsyncUnsafeOptions): AnyFunction {
  if (typeof fn !== 'function') throw new TypeError('asyncUnsafe(fn, { name, alternative }) needs a function');
  if (fn.constructor?.name === 'AsyncFunction' || fn.constructor?.name === 'AsyncGeneratorFunction') {
    throw new TypeError(
      `asyncUnsafe was given the async function "${fn.name}". Mark the synchronous function that it calls instead.`,
    );
  }
  const operation = { name: name || fn.name || '(anonymous)', category: 'code', alternative } as const;
  return wrapSync(fn, register(new GuardedOperation(operation)));
}

function isDecoratorContext(value: unknown): value is ClassMethodDecoratorContext {
  return typeof value === 'object' && value !== null && 'kind' in value && 'static' in value;
}
