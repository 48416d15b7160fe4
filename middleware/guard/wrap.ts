import { now } from '../clock.js';
import { currentRun, type ViewRun } from '../view-run.js';
import type { GuardedOperation } from './guarded-operation.js';
import { withoutOurFrames } from './own-frames.js';
import { recordCall, refuseCall } from './witness.js';

// The host may replace any of these later; a wrapper must not notice.
const { apply, construct } = Reflect;

export type AnyFunction = (this: unknown, ...args: never[]) => unknown;

/**
 * How deep we are in wrapped calls. Only the outermost is an operation: `readFileSync` calls `openSync` and so on, and
 * a person called `readFileSync`.
 */
let depth = 0;
/** The outermost call that a view is in now. */
let running: GuardedOperation | null = null;

/** Where the watchdog reads which view is on the loop, for a call that holds it in native code. */
let viewOnLoop: Int32Array = new Int32Array(1);

/** Says from now on in `cell`, while a wrapped call runs in a view, which view that is (by its id). */
export function showViewOnLoop(cell: Int32Array): void {
  viewOnLoop = cell;
}

/** The wrapped call that is running in a view right now, for a stack taken in the middle of it. */
export function operationRunning(): GuardedOperation | null {
  return depth === 0 ? null : running;
}

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

/** Whether a call of these arguments blocks. Asked everywhere, so it must be cheap. */
export type Admits = (args: ArrayLike<unknown>) => boolean;

interface Choices {
  readonly admits?: Admits | null;
  /** Asked inside a view run only. */
  readonly operationOf?: OperationOf | null;
}

/**
 * Wraps one sync-only function. Outside a view run the wrapper costs a store look-up; inside one, two clock readings
 * and what `recordCall` does. It returns, throws and looks like the original.
 */
export function wrapSync(
  original: AnyFunction,
  guarded: GuardedOperation,
  { admits = null, operationOf = null }: Choices = {},
): AnyFunction {
  // What is no constructor, such as `Dir.prototype.readSync`, has no `prototype` of its own.
  const wrap = Object.hasOwn(original, 'prototype') ? wrapFunction : wrapMethod;
  return disguise(wrap(original, guarded, admits, operationOf), original);
}

function wrapFunction(
  original: AnyFunction,
  guarded: GuardedOperation,
  admits: Admits | null,
  operationOf: OperationOf | null,
): AnyFunction {
  const wrapper = function (this: unknown): unknown {
    if (new.target !== undefined) return construct(original, arguments, new.target === wrapper ? original : new.target);
    if (depth !== 0) return apply(original, this, arguments as never);
    if (guarded.mode !== 'off' && (admits === null || admits(arguments))) {
      const run = currentRun.getStore();
      if (run !== undefined) return callInView(original, guarded, operationOf, this, arguments, run, wrapper);
    }
    try {
      return apply(original, this, arguments as never);
    } catch (error) {
      throw withoutOurFrames(error, wrapper); // node-do-not-add-exception-line
    }
  };
  return wrapper;
}

function wrapMethod(
  original: AnyFunction,
  guarded: GuardedOperation,
  admits: Admits | null,
  operationOf: OperationOf | null,
): AnyFunction {
  const { wrapper } = {
    wrapper(this: unknown): unknown {
      if (depth !== 0) return apply(original, this, arguments as never);
      if (guarded.mode !== 'off' && (admits === null || admits(arguments))) {
        const run = currentRun.getStore();
        if (run !== undefined) return callInView(original, guarded, operationOf, this, arguments, run, wrapper);
      }
      try {
        return apply(original, this, arguments as never);
      } catch (error) {
        throw withoutOurFrames(error, wrapper); // node-do-not-add-exception-line
      }
    },
  };
  return wrapper;
}

/** Wraps a class whose construction is the operation: `new vm.Script(code)`. */
export function wrapClass(original: AnyFunction, guarded: GuardedOperation): AnyFunction {
  const handler = {
    construct(target: AnyFunction, args: ArrayLike<unknown>, newTarget: AnyFunction): object {
      const realTarget = newTarget === proxy ? target : newTarget;
      const run = depth !== 0 || guarded.mode === 'off' ? undefined : currentRun.getStore();
      if (run !== undefined) {
        const how = [target, args, realTarget];
        return callInView(construct as AnyFunction, guarded, null, undefined, how, run, handler.construct) as object;
      }
      try {
        return construct(target, args, realTarget);
      } catch (error) {
        throw withoutOurFrames(error, handler.construct); // node-do-not-add-exception-line
      }
    },
  };
  const proxy: AnyFunction = new Proxy(original, handler);
  return proxy;
}

/** An outermost call in a view run. */
export function callInView(
  original: AnyFunction,
  guarded: GuardedOperation,
  operationOf: OperationOf | null,
  self: unknown,
  args: ArrayLike<unknown>,
  run: ViewRun,
  wrapper: (...args: never[]) => unknown,
): unknown {
  const operation = operationOf === null ? guarded : operationOf(self, args);
  if (operation === null || operation.mode === 'off') return apply(original, self, args as never);
  if (operation.mode === 'throw') refuseCall(operation, run, wrapper);
  depth = 1;
  running = operation;
  const viewBefore = viewOnLoop[0] as number;
  viewOnLoop[0] = run.view.id;
  const startedAtMs = now();
  let result: unknown;
  // No `finally`: V8 makes faster code of this.
  try {
    result = apply(original, self, args as never);
  } catch (error) {
    record(operation, undefined, run, startedAtMs, wrapper);
    leave(viewBefore);
    throw withoutOurFrames(error, wrapper); // node-do-not-add-exception-line
  }
  record(operation, result, run, startedAtMs, wrapper);
  leave(viewBefore);
  return result;
}

/** A call that returned or threw. Must not throw. */
function record(
  operation: GuardedOperation,
  result: unknown,
  run: ViewRun,
  startedAtMs: number,
  wrapper: (...args: never[]) => unknown,
): void {
  const durationMs = now() - startedAtMs;
  if (operation.counts === null || operation.counts(result, durationMs)) {
    recordCall(operation, run, startedAtMs, durationMs, wrapper);
  }
}

function leave(viewBefore: number): void {
  depth = 0;
  running = null;
  viewOnLoop[0] = viewBefore;
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
