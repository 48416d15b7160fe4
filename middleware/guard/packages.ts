import Module from 'node:module';
import { packageOf } from '../package-name.js';
import { CATALOG, CATALOG_PACKAGES, type CatalogEntry, type CatalogPackage } from './catalog/index.js';
import { hookDriver } from './databases.js';
import { countsOf } from './gate.js';
import { GuardedOperation } from './guarded-operation.js';
import type { Namespace } from './module-import.js';
import { register } from './registry.js';
import { originalOf, type Replacement, replace } from './replacement.js';
import { type AnyFunction, wrapSync } from './wrap.js';

type Exports = Record<string, unknown>;

const byName = new Map(CATALOG_PACKAGES.map((each) => [each.name, each]));

/** Wraps the sync-only functions of a package's file that has just been loaded, before anyone can take a reference. */
export function hookPackage(filename: string, module: NodeModule): Replacement[] {
  const name = packageOf(filename);
  const known = name === '' ? undefined : byName.get(name);
  if (known === undefined) return [];
  if (known.file !== undefined && !known.file.test(fileIn(name, filename))) return [];
  const exports: unknown = module.exports;
  if ((typeof exports !== 'object' && typeof exports !== 'function') || exports === null) return [];
  if (known.kind === 'driver') return hookDriver(exports as AnyFunction, known.entries);
  return hookExports(known, module, exports as Exports);
}

/**
 * The same for an ES module that is about to be imported. What is set on its namespace cannot be taken back: after
 * `stop()` its wrappers pass calls on.
 */
export function hookNamespace(url: string, namespace: Namespace): void {
  const name = packageOf(url);
  const known = name === '' ? undefined : byName.get(name);
  if (known?.kind !== 'exports' || known.module?.test(fileIn(name, url)) === false) return;
  const wrappers = new Map<unknown, AnyFunction>();
  for (const entry of known.entries) {
    // The same function under two names, or on the default export too, stays the same function.
    const wrap = (original: AnyFunction): AnyFunction => {
      let wrapper = wrappers.get(original);
      if (wrapper === undefined) wrappers.set(original, (wrapper = wrapEntry(entry, original)));
      return wrapper;
    };
    const { path } = entry;
    const key = path === '' ? 'default' : path;
    const exported = Object.hasOwn(namespace, key) ? namespace[key] : undefined;
    if (typeof exported === 'function') namespace[key] = wrap(exported as AnyFunction);
    if (key === 'default') continue;
    const holder = { exports: path.startsWith('default.') ? namespace : namespace.default };
    replaceExport(holder, path, wrap);
    if (!path.startsWith('default.') && holder.exports !== namespace.default) namespace.default = holder.exports;
  }
}

/** The same for what was loaded before the guard: a reference taken since then to a function itself escapes. */
export function hookLoadedPackages(): Replacement[] {
  const { _cache } = Module as unknown as { _cache: Record<string, NodeModule | undefined> };
  return Object.entries(_cache).flatMap(([filename, module]) =>
    module?.loaded === true ? hookPackage(filename, module) : [],
  );
}

function hookExports(known: CatalogPackage, module: NodeModule, exports: Exports): Replacement[] {
  const replacements: Replacement[] = [];
  for (const entry of entriesOf(known, exports)) {
    const wrap = (original: AnyFunction): AnyFunction => wrapEntry(entry, original);
    if (entry.path === '' && typeof exports === 'function') module.exports = wrap(exports as unknown as AnyFunction);
    else {
      const replacement = replaceExport(module, entry.path, wrap);
      if (replacement !== null) replacements.push(replacement);
    }
  }
  return replacements;
}

function wrapEntry(entry: CatalogEntry, original: AnyFunction): AnyFunction {
  // A copy of `fs` made after the guard came holds wrappers already; so does an ES module that exports a CommonJS one.
  if (originalOf(original) !== original) return original;
  return wrapSync(original, register(new GuardedOperation(entry, { counts: countsOf(entry.gate) })));
}

/** A file's path within its package. */
function fileIn(name: string, file: string): string {
  const path = file.replaceAll('\\', '/');
  return path.slice(path.lastIndexOf(`/node_modules/${name}/`) + `/node_modules/${name}/`.length);
}

function entriesOf(known: CatalogPackage, exports: Exports): readonly CatalogEntry[] {
  if (!known.copiesFs) return known.entries;
  return CATALOG.filter((entry) => entry.module === 'fs' && typeof exports[entry.path] === 'function');
}

function replaceExport(
  module: { exports: unknown },
  path: string,
  wrap: (original: AnyFunction) => AnyFunction,
): Replacement | null {
  const steps = path.split('.');
  const key = steps.pop() as string;
  let holder = module.exports as Exports | undefined;
  for (const step of steps) holder = holder?.[step] as Exports | undefined;
  if ((typeof holder !== 'object' && typeof holder !== 'function') || holder === null) return null;
  if (!Object.hasOwn(holder, key)) return null;
  const descriptor = Object.getOwnPropertyDescriptor(holder, key) as PropertyDescriptor;
  if (descriptor.configurable && typeof descriptor.value === 'function') return replace(holder, key, wrap);
  if (steps.length > 0 || typeof holder[key] !== 'function') return null;
  // Compiled modules export through getters that nobody can redefine: the same exports on a new object.
  const wrapper = wrap(holder[key] as AnyFunction);
  if (descriptor.configurable) {
    Object.defineProperty(holder, key, {
      configurable: true,
      enumerable: descriptor.enumerable === true,
      writable: true,
      value: wrapper,
    });
  } else if (typeof holder === 'object') {
    // `import` sees the old object all the same: there its calls are named by the built-ins they make.
    module.exports = Object.create(Object.getPrototypeOf(holder), {
      ...Object.getOwnPropertyDescriptors(holder),
      [key]: { configurable: true, enumerable: descriptor.enumerable === true, writable: true, value: wrapper },
    });
  }
  return null;
}
