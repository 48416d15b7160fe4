import { createRequire } from 'node:module';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CATALOG } from '../guard/catalog/index.js';
import { originalOf } from '../guard/replacement.js';
import type { AnyFunction } from '../guard/wrap.js';
import type { Target } from './messages.js';

const require = createRequire(import.meta.url);
const CLASS_OR_METHOD = /\.prototype\.|^Script$|^Module$|^Instance$|^WebAssembly\./;

/** A module's URL and the name of its export. */
export function moduleTarget(module: unknown, exportName: unknown): Target {
  if (typeof exportName !== 'string' || exportName === '') {
    throw new TypeError("syncToAsync(url, exportName) needs the name of the export to run, such as 'renderInvoice'");
  }
  if (module instanceof URL) return { module: module.href, path: exportName };
  const text = String(module);
  if (text.startsWith('file:') || text.startsWith('node:')) return { module: text, path: exportName };
  if (isAbsolute(text)) return { module: pathToFileURL(text).href, path: exportName };
  throw new TypeError(
    `syncToAsync was given ${JSON.stringify(text)}: write new URL(${JSON.stringify(text)}, import.meta.url), so that it is clear from where`,
  );
}

/** A function of Node.js itself, by what it is. */
export function functionTarget(fn: AnyFunction): Target {
  const name = fn.name === '' ? 'the function' : `"${fn.name}"`;
  if (/^Async(Generator)?Function$/.test(fn.constructor?.name ?? '')) {
    throw new TypeError(`syncToAsync was given ${name}, which is asynchronous already: await it as it is`);
  }
  const original = originalOf(fn);
  for (const { module, path } of CATALOG) {
    if (path === '' || CLASS_OR_METHOD.test(path) || module === 'node:sqlite' || module === 'process') continue;
    if (original === originalOf(lookUp(module, path) as AnyFunction)) {
      return { module: module === '(global)' ? module : `node:${module}`, path };
    }
  }
  throw new TypeError(
    `syncToAsync cannot move ${name} to another thread, because a function takes its surroundings along. ` +
      `Export it from a module and write syncToAsync(new URL('./work.js', import.meta.url), '${fn.name || 'work'}'), ` +
      'or pass one of the sync functions of Node.js itself, such as crypto.pbkdf2Sync.',
  );
}

function lookUp(module: string, path: string): unknown {
  let value: unknown = module === '(global)' ? globalThis : require(`node:${module}`);
  for (const step of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[step];
  return value;
}
