import type { AnyFunction } from './wrap.js';

/** One function replaced by its wrapper, and how to put it back. */
export interface Replacement {
  restore(): void;
}

const originals = new WeakMap<AnyFunction, AnyFunction>();

/** What a wrapper wraps; any other function itself. */
export function originalOf(fn: AnyFunction): AnyFunction {
  return originals.get(fn) ?? fn;
}

/** Replaces a method by what `wrap` makes of it; null when there is none or it cannot be replaced. */
export function replace(holder: object, key: string, wrap: (original: AnyFunction) => AnyFunction): Replacement | null {
  const descriptor = Object.getOwnPropertyDescriptor(holder, key);
  if (descriptor === undefined || typeof descriptor.value !== 'function' || !descriptor.configurable) return null;
  const original = descriptor.value as AnyFunction;
  const wrapper = wrap(original);
  if (wrapper === original) return null;
  originals.set(wrapper, original);
  Object.defineProperty(holder, key, { ...descriptor, value: wrapper });
  return {
    restore() {
      // Someone who wrapped on top of us keeps their wrapper; ours beneath it passes calls on.
      if (Object.getOwnPropertyDescriptor(holder, key)?.value !== wrapper) return;
      Object.defineProperty(holder, key, descriptor);
    },
  };
}
