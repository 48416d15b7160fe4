import { currentRun, type ViewRun } from '../view-run.js';
import type { GuardedOperation } from './guarded-operation.js';
import { withoutOurFrames } from './own-frames.js';
import { recordCall, refuseCall } from './witness.js';

// The host may replace any of these later; a wrapper must not notice.
const { apply, construct } = Reflect;
const now = performance.now.bind(performance);

export type AnyFunction = (this: unknown, ...args: never[]) => unknown;

/**
 * How deep we are in wrapped calls. Only the outermost is an operation: `readFileSync` calls `openSync` and so on, and
 * a person called `readFileSync`.
 */
let depth = 0;

/** Runs Holdup's own work, or any other whose calls are nobody's operation. */
export function quietly<T>(work: () => T): T {
  depth++;
  try {
    return work();
  } finally {
    depth--;
  }
}

/** Whether a wrapped call, or Holdup's own work, is already running. */
export function isNested(): boolean {
  return depth !== 0;
}

/** What names the operation of one call, where the function alone does not; null for a call that does not block. */
export type OperationOf = (self: unknown, args: ArrayLike<unknown>) => GuardedOperation | null;

/**
 * Wraps one sync-only function. Outside a view run the wrapper costs a store look-up; inside one, two clock readings
 * and what `recordCall` does. It returns, throws and looks like the original.
 *
 * `operationOf` is asked inside a view run only: a database statement is named by its SQL, a call that was given a
 * callback does not block.
 */
export function wrapSync(
  original: AnyFunction,
  guarded: GuardedOperation,
  operationOf: OperationOf | null = null,
): AnyFunction {
  const isConstructor = Object.hasOwn(original, 'prototype');
  return disguise(
    isConstructor ? wrapFunction(original, guarded, operationOf) : wrapMethod(original, guarded, operationOf),
    original,
  );
}

function wrapFunction(original: AnyFunction, guarded: GuardedOperation, operationOf: OperationOf | null): AnyFunction {
  const wrapper = function (this: unknown): unknown {
    if (new.target !== undefined) return construct(original, arguments, new.target === wrapper ? original : new.target);
    if (depth !== 0) return apply(original, this, arguments as never);
    const run = guarded.mode === 'off' ? undefined : currentRun.getStore();
    if (run !== undefined) return callInView(original, guarded, operationOf, this, arguments, run, wrapper);
    try {
      return apply(original, this, arguments as never);
    } catch (error) {
      throw withoutOurFrames(error, wrapper); // node-do-not-add-exception-line
    }
  };
  return wrapper;
}

/** The same for what is no constructor, such as `Dir.prototype.readSync`: it has no `prototype` of its own. */
function wrapMethod(original: AnyFunction, guarded: GuardedOperation, operationOf: OperationOf | null): AnyFunction {
  const { wrapper } = {
    wrapper(this: unknown): unknown {
      if (depth !== 0) return apply(original, this, arguments as never);
      const run = guarded.mode === 'off' ? undefined : currentRun.getStore();
      if (run !== undefined) return callInView(original, guarded, operationOf, this, arguments, run, wrapper);
      try {
        return apply(original, this, arguments as never);
      } catch (error) {
        throw withoutOurFrames(error, wrapper); // node-do-not-add-exception-line
      }
    },
  };
  return wrapper;
}

/** An outermost call in a view run. */
export function callInView(
  original: AnyFunction,
  guarded: GuardedOperation,
  operationOf: OperationOf | null,
  self: unknown,
  args: ArrayLike<unknown>,
  run: ViewRun,
  wrapper: AnyFunction,
): unknown {
  const operation = operationOf === null ? guarded : operationOf(self, args);
  if (operation === null || operation.mode === 'off') return apply(original, self, args as never);
  if (operation.mode === 'throw') refuseCall(operation, run, wrapper);
  depth = 1;
  const startedAtMs = now();
  try {
    return apply(original, self, args as never);
  } catch (error) {
    throw withoutOurFrames(error, wrapper); // node-do-not-add-exception-line
  } finally {
    recordCall(operation, run, startedAtMs, now() - startedAtMs, wrapper);
    depth = 0;
  }
}

/** Gives the wrapper every visible property of the original: name, length, `prototype`, `native`, promisify's symbols. */
export function disguise(wrapper: AnyFunction, original: AnyFunction): AnyFunction {
  for (const key of Reflect.ownKeys(original)) {
    Reflect.defineProperty(wrapper, key, Reflect.getOwnPropertyDescriptor(original, key) as PropertyDescriptor);
  }
  const prototype = Object.getPrototypeOf(original);
  if (prototype !== Function.prototype) Object.setPrototypeOf(wrapper, prototype);
  return wrapper;
}
