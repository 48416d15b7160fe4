import childProcess from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import v8 from 'node:v8';
import vm from 'node:vm';
import zlib from 'node:zlib';
import type { Category } from '../../protocol/index.js';
import { CATALOG, type CatalogEntry } from './catalog/index.js';
import { hookNodeSqlite } from './databases.js';
import { admitsOf, countsOf } from './gate.js';
import { GuardedOperation } from './guarded-operation.js';
import { register } from './registry.js';
import { type Replacement, replace } from './replacement.js';
import { type AnyFunction, type OperationOf, wrapClass, wrapSync } from './wrap.js';

type Exports = Record<string, unknown>;

/** The modules whose functions are wrapped at once. `category` is for functions newer than the catalog. */
const MODULES: readonly (readonly [name: string, exports: Exports, category: Category])[] = [
  ['fs', fs as unknown as Exports, 'file'],
  ['child_process', childProcess as unknown as Exports, 'process'],
  ['crypto', crypto as unknown as Exports, 'crypto'],
  ['zlib', zlib as unknown as Exports, 'compression'],
  ['v8', v8 as unknown as Exports, 'snapshot'],
  ['vm', vm as unknown as Exports, 'code generation'],
  ['process', process as unknown as Exports, 'process'],
  ['(global)', globalThis as unknown as Exports, 'code'],
];

/** Classes in the catalog: making one is the operation. */
const CLASSES = new Set(['vm.Script', 'WebAssembly.Module', 'WebAssembly.Instance']);

/** Modules whose methods are wrapped once the app has loaded them: loading them for it would cost and may warn. */
const LATE_MODULES = ['dgram', 'sqlite'];

/**
 * Wraps every sync-only function of Node's own modules: those of the catalog, and whatever else this Node.js version
 * has whose name ends in `Sync`, so that a function newer than the catalog is not missed.
 */
export function wrapBuiltins(): Replacement[] {
  const replacements = MODULES.flatMap(([module, exports, category]) => wrapExports(module, exports, category));
  syncBuiltinESMExports();
  return replacements;
}

const require = createRequire(import.meta.url);

/** Wraps the late modules as the app loads them. */
export class LateBuiltins {
  readonly #waiting = new Set(LATE_MODULES);
  #known = 0;

  /** Costs a comparison when nothing was loaded since the last call. */
  look(): Replacement[] {
    // Deprecated for what it promises about others' internals; we only ask whether two modules are there.
    const { moduleLoadList } = process as unknown as { moduleLoadList?: readonly string[] };
    if (moduleLoadList === undefined || moduleLoadList.length === this.#known || this.#waiting.size === 0) return [];
    this.#known = moduleLoadList.length;
    const replacements: Replacement[] = [];
    for (const name of this.#waiting) {
      if (!moduleLoadList.includes(`NativeModule ${name}`)) continue;
      this.#waiting.delete(name);
      const exports = require(`node:${name}`) as Exports;
      if (name === 'sqlite') replacements.push(...hookNodeSqlite(exports));
      else replacements.push(...wrapExports(name, exports, 'network'));
    }
    return replacements;
  }
}

function wrapExports(module: string, exports: Exports, category: Category): Replacement[] {
  const entries = CATALOG.filter((entry) => entry.module === module && entry.path !== '');
  const known = new Set(entries.map((entry) => entry.path));
  for (const path of Object.keys(exports)) {
    if (path.endsWith('Sync') && !known.has(path)) entries.push(unknownEntry(module, exports, path, category));
  }
  return entries.flatMap((entry) => wrapPath(exports, entry));
}

/** Puts back what can be put back; a reference someone took stays wrapped, and its wrapper only passes calls on. */
export function restoreBuiltins(replacements: readonly Replacement[]): void {
  for (const replacement of replacements.toReversed()) replacement.restore();
  syncBuiltinESMExports();
}

function wrapPath(exports: Exports, entry: CatalogEntry): Replacement[] {
  const steps = entry.path.split('.');
  const key = steps.pop() as string;
  let holder: unknown = exports;
  for (const step of steps) holder = (holder as Exports | undefined)?.[step];
  if ((typeof holder !== 'object' && typeof holder !== 'function') || holder === null) return [];
  const guarded = (): GuardedOperation => register(new GuardedOperation(entry, { counts: countsOf(entry.gate) }));
  if (CLASSES.has(entry.name)) return wrapConstructor(holder, key, guarded);
  const replacement = replace(holder, key, (original) => {
    const operation = guarded();
    const operationOf = entry.name === 'fs.writeSync' ? consoleOr(operation) : null;
    return wrapSync(original, operation, { admits: admitsOf(entry.gate), operationOf });
  });
  return replacement === null ? [] : [replacement];
}

/** An instance's `constructor` must be the class as the app knows it. */
function wrapConstructor(holder: object, key: string, guarded: () => GuardedOperation): Replacement[] {
  let prototype: object = {};
  let wrapper: AnyFunction | null = null;
  const first = replace(holder, key, (original) => {
    prototype = original.prototype;
    wrapper = wrapClass(original, guarded());
    return wrapper;
  });
  const second = replace(prototype, 'constructor', () => wrapper as unknown as AnyFunction);
  return [first, second].filter((replacement) => replacement !== null);
}

/** Writing to standard output is the console's doing, and worth a word only when it was slow. */
function consoleOr(writeSync: GuardedOperation): OperationOf {
  const entry = CATALOG.find(({ name }) => name === 'console') as CatalogEntry;
  const written = register(new GuardedOperation(entry, { counts: countsOf(entry.gate) }));
  return (_self, args) => (args[0] === 1 || args[0] === 2 ? written : writeSync);
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
    gate: null,
  };
}
