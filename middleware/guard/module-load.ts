import Module from 'node:module';
import { relative } from 'node:path';
import { packageOf } from '../package-name.js';
import { currentRun } from '../view-run.js';
import { GuardedOperation } from './guarded-operation.js';
import { withoutOurFrames } from './own-frames.js';
import { register } from './registry.js';
import { type Replacement, replace } from './replacement.js';
import { type AnyFunction, callInView, disguise, isNested, quietly } from './wrap.js';

/** Modules named on their own; the rest are `require(…)`. */
const NAME_LIMIT = 200;
const ALTERNATIVE = 'load it at start-up: an import at the top of the file';

type LoadListener = (filename: string, module: NodeModule) => void;
const listeners = new Set<LoadListener>();

/** Calls `listener` with each CommonJS module once it has loaded, before anybody can use it. Must not throw. */
export function onModuleLoaded(listener: LoadListener): void {
  listeners.add(listener);
}

/**
 * Makes the loading of a module one cold operation, `require('pug')`, instead of the hundreds of file operations it is
 * made of. `Module.prototype.load` runs only for a module that is not loaded yet. `afterLoad` sees each one, nested ones
 * too, before anybody can use it.
 */
export function wrapModuleLoad(afterLoad: (filename: string, module: NodeModule) => void): Replacement[] {
  const operations = new Map<string, GuardedOperation>();
  const operationOf = (filename: string): GuardedOperation => {
    const name = operations.size < NAME_LIMIT ? `require('${nameOf(filename)}')` : 'require(…)';
    let operation = operations.get(name);
    if (operation === undefined) {
      operation = register(
        new GuardedOperation({ name, category: 'module loading', alternative: ALTERNATIVE }, { alwaysCold: true }),
      );
      operations.set(name, operation);
    }
    return operation;
  };
  const loaded = (filename: string, module: NodeModule): void => {
    try {
      afterLoad(filename, module);
    } catch {
      // A package unlike the one we know under its name stays as it is.
    }
    for (const listener of listeners) listener(filename, module);
  };
  const prototype = Module.prototype as unknown as Record<string, AnyFunction>;
  const load = replace(prototype, 'load', (original) => {
    const wrapper = function (this: NodeModule, filename: string): unknown {
      const run = isNested() ? undefined : currentRun.getStore();
      // No catch here: rethrowing would take the source line away from the message of an app that fails to start.
      const result =
        run === undefined
          ? Reflect.apply(original, this, arguments as never)
          : callInView(original, operationOf(filename), null, this, arguments, run, wrapper);
      loaded(filename, this);
      return result;
    } as AnyFunction;
    return disguise(wrapper, original);
  });
  // Finding a module asks for real paths; that is loading too, and too small to be named on its own.
  const resolve = replace(Module as unknown as object, '_resolveFilename', (original) => {
    const wrapper = function (this: unknown): unknown {
      try {
        return quietly(() => Reflect.apply(original, this, arguments as never));
      } catch (error) {
        // “Cannot find module”: the line that Node throws it from says nothing, so it may go.
        throw withoutOurFrames(error, wrapper); // node-do-not-add-exception-line
      }
    } as AnyFunction;
    return disguise(wrapper, original);
  });
  return [load, resolve].filter((replacement) => replacement !== null);
}

/** The package, or the file as seen from the working directory. */
function nameOf(filename: string): string {
  const owner = packageOf(filename);
  if (owner !== '') return owner;
  const path = relative(process.cwd(), filename).replaceAll('\\', '/');
  return path.startsWith('../') ? filename : `./${path}`;
}
