import Module, { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { CATALOG_PACKAGES } from './catalog/index.js';
import { withoutOurFrames } from './own-frames.js';
import { quietly } from './wrap.js';

/** The exports of an ES module: what is set here is what every importer sees. */
export type Namespace = Record<string, unknown>;
type ImportListener = (url: string, namespace: Namespace) => void;

interface Context {
  readonly conditions?: readonly string[];
}
interface Resolved {
  readonly url: string;
  readonly format?: string | null;
}
type NextResolve = (specifier: string, context?: Context) => Resolved;
type Loaded = object;
type NextLoad = (url: string, context?: Context) => Loaded;
interface Hooks {
  readonly resolve?: (specifier: string, context: Context, next: NextResolve) => Resolved;
  readonly load?: (url: string, context: Context, next: NextLoad) => Loaded;
}
/** Since Node 22.15; the types here are those of Node 20. */
type RegisterHooks = (hooks: Hooks) => { deregister(): void };

/** What import-in-the-middle makes to be given to `registerHooks`. */
interface Interceptor {
  resolveSync(specifier: string, context: Context, next: NextResolve): Resolved;
  loadSync(url: string, context: Context, next: NextLoad): Loaded;
}

const require = createRequire(import.meta.url);
const packages = new Map(CATALOG_PACKAGES.map((each) => [each.name, each]));

/** Process-wide and for good, like the modules that it puts in between: undefined until needed, null where it cannot be. */
let interceptor: Interceptor | null | undefined;
let listener: ImportListener = () => {};

/**
 * Calls `onImported` with each ES module of a catalogued package when the app imports it by the package's name, before
 * the importer can use it. CommonJS packages are seen by `wrapModuleLoad`, also when imported; only of those whose exports
 * are getters is the importer's view made here.
 *
 * Other modules pay for one look at their specifier, and import-in-the-middle itself is loaded with the first package
 * that needs it. Nothing happens before Node 22.15, where hooks would need a thread of their own.
 */
export function hookImports(onImported: ImportListener): { stop(): void } {
  const { registerHooks } = Module as unknown as { readonly registerHooks?: RegisterHooks };
  if (registerHooks === undefined) return { stop() {} };
  listener = onImported;
  const resolve = (specifier: string, context: Context, next: NextResolve): Resolved => {
    const resolved = find(specifier, context, next);
    const known = packages.get(packageIn(specifier));
    if (known === undefined || context.conditions?.includes('import') !== true) return resolved;
    // A package that does not say what its files are has no format yet; then it is CommonJS as a rule.
    if (resolved.format !== 'module' && known.hasGetters !== true) return resolved;
    if (interceptor === undefined) interceptor = quietly(() => startIntercepting(registerHooks));
    return interceptor === null ? resolved : interceptor.resolveSync(specifier, context, next);
  };
  const find = (specifier: string, context: Context, next: NextResolve): Resolved => {
    try {
      return next(specifier, context);
    } catch (error) {
      // “Cannot find package”, as it reads without us.
      throw withoutOurFrames(error, resolve as never); // node-do-not-add-exception-line
    }
  };
  const hooks = registerHooks({ resolve });
  return {
    stop() {
      hooks.deregister();
      listener = () => {};
    },
  };
}

function startIntercepting(registerHooks: RegisterHooks): Interceptor | null {
  try {
    const { createHook, supportsSyncHooks } = require('import-in-the-middle/create-hook.mjs') as {
      createHook(meta: { readonly url: string }): Interceptor;
      supportsSyncHooks(): boolean;
    };
    // Node 22 before 22.22.3 and 24 before 24.11.1 have the hooks, and a fault in them.
    if (!supportsSyncHooks()) return null;
    const { addHook } = require('import-in-the-middle') as { addHook(hook: ImportListener): void };
    addHook((url, namespace) => {
      try {
        listener(url, namespace);
      } catch {
        // A package unlike the one we know under its name stays as it is.
      }
    });
    const place = require.resolve('import-in-the-middle/register-hooks.mjs');
    const made = createHook({ url: pathToFileURL(place).href });
    registerHooks({ load: (url, context, next) => made.loadSync(url, context, next) });
    return made;
  } catch {
    // Not installed beside us, or another version: packages that are ES modules are known by the built-ins they call.
    return null;
  }
}

/** `@scope/name` of `@scope/name/file.js`; empty for a path or a URL. */
function packageIn(specifier: string): string {
  const first = specifier.charCodeAt(0);
  if (first === 46 /* . */ || first === 47 /* / */ || first === 35 /* # */) return '';
  const end = specifier.indexOf('/', specifier.startsWith('@') ? specifier.indexOf('/') + 1 : 0);
  return end === -1 ? specifier : specifier.slice(0, end);
}
