import childProcess from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import zlib from 'node:zlib';
import type { Category } from '../../protocol/index.js';
import { CATALOG, type CatalogEntry } from './catalog/index.js';
import type { GuardedOperation } from './guarded-operation.js';
import { type AnyFunction, wrapSync } from './wrap.js';

type Exports = Record<string, unknown>;

const MODULES: readonly (readonly [name: string, exports: Exports, category: Category])[] = [
  ['fs', fs as unknown as Exports, 'file'],
  ['child_process', childProcess as unknown as Exports, 'process'],
  ['crypto', crypto as unknown as Exports, 'crypto'],
  ['zlib', zlib as unknown as Exports, 'compression'],
];

/** One function replaced by its wrapper, and how to put it back. */
export interface Replacement {
  restore(): void;
}

/**
 * Wraps every sync-only function of Node's own modules: those of the catalog, and whatever else this Node.js version
 * has whose name ends in `Sync`, so that a function newer than the catalog is not missed.
 */
export function wrapBuiltins(guard: (entry: CatalogEntry) => GuardedOperation): Replacement[] {
  const replacements: Replacement[] = [];
  for (const [module, exports, category] of MODULES) {
    const entries = CATALOG.filter((entry) => entry.module === module);
    const known = new Set(entries.map((entry) => entry.path));
    for (const path of Object.keys(exports)) {
      if (path.endsWith('Sync') && !known.has(path)) entries.push(unknownEntry(module, exports, path, category));
    }
    for (const entry of entries) {
      const replacement = wrapPath(exports, entry, guard);
      if (replacement !== null) replacements.push(replacement);
    }
  }
  syncBuiltinESMExports();
  return replacements;
}

/** Puts back what can be put back; a reference someone took stays wrapped, and its wrapper only passes calls on. */
export function restoreBuiltins(replacements: readonly Replacement[]): void {
  for (const replacement of replacements.toReversed()) replacement.restore();
  syncBuiltinESMExports();
}

function wrapPath(
  exports: Exports,
  entry: CatalogEntry,
  guard: (entry: CatalogEntry) => GuardedOperation,
): Replacement | null {
  const steps = entry.path.split('.');
  const key = steps.pop() as string;
  let holder: unknown = exports;
  for (const step of steps) holder = (holder as Exports | undefined)?.[step];
  if ((typeof holder !== 'object' && typeof holder !== 'function') || holder === null) return null;
  return replace(holder, key, (original) => wrapSync(original, guard(entry)));
}

/** Replaces a method by what `wrap` makes of it; null when there is none or it cannot be replaced. */
export function replace(holder: object, key: string, wrap: (original: AnyFunction) => AnyFunction): Replacement | null {
  const descriptor = Object.getOwnPropertyDescriptor(holder, key);
  if (descriptor === undefined || typeof descriptor.value !== 'function' || !descriptor.configurable) return null;
  const wrapper = wrap(descriptor.value as AnyFunction);
  Object.defineProperty(holder, key, { ...descriptor, value: wrapper });
  return {
    restore() {
      // Someone who wrapped on top of us keeps their wrapper; ours beneath it passes calls on.
      if (Object.getOwnPropertyDescriptor(holder, key)?.value !== wrapper) return;
      Object.defineProperty(holder, key, descriptor);
    },
  };
}

function unknownEntry(module: string, exports: Exports, path: string, category: Category): CatalogEntry {
  const twin = path.slice(0, -'Sync'.length);
  const promises = exports.promises as Exports | undefined;
  const alternative =
    typeof promises?.[twin] === 'function'
      ? `await ${module}.promises.${twin}(…)`
      : typeof exports[twin] === 'function'
        ? `await promisify(${module}.${twin})(…)`
        : '';
  return {
    name: `${module}.${path}`,
    module,
    path,
    category,
    alternative,
    since: process.versions.node,
    docs: `https://nodejs.org/api/${module}.html`,
    when: '',
  };
}
