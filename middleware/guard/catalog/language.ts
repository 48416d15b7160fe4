import type { Category } from '../../../protocol/index.js';
import type { CatalogEntry, Gate } from './entry.js';

const MDN = 'https://developer.mozilla.org/docs/Web';
const LARGE = 64 * 1024;

/** What the language and its globals can hold a loop with. */
export const GLOBAL_OPERATIONS: readonly CatalogEntry[] = [
  entry(
    'JSON.parse',
    'serialization',
    'a smaller page, or parse it as it streams in',
    `${MDN}/JavaScript/Reference/Global_Objects/JSON/parse`,
    {
      type: 'argument',
      index: 0,
      bytes: LARGE,
    },
  ),
  entry(
    'JSON.stringify',
    'serialization',
    'a smaller page, or write it as a stream of smaller parts',
    `${MDN}/JavaScript/Reference/Global_Objects/JSON/stringify`,
    { type: 'result', bytes: LARGE },
  ),
  entry(
    'structuredClone',
    'serialization',
    'copy only the fields that change: { ...value, field }',
    `${MDN}/API/Window/structuredClone`,
    {
      type: 'duration',
      ms: 1,
    },
  ),
  entry(
    'Atomics.wait',
    'wait',
    'await Atomics.waitAsync(array, index, value).value',
    `${MDN}/JavaScript/Reference/Global_Objects/Atomics/wait`,
  ),
  entry(
    'WebAssembly.Module',
    'code generation',
    'await WebAssembly.compile(bytes)',
    `${MDN}/WebAssembly/Reference/JavaScript_interface/Module`,
  ),
  entry(
    'WebAssembly.Instance',
    'code generation',
    'await WebAssembly.instantiate(module, imports)',
    `${MDN}/WebAssembly/Reference/JavaScript_interface/Instance`,
  ),
  entry(
    'gc',
    'snapshot',
    "await gc({ type: 'major', execution: 'async' })",
    'https://nodejs.org/api/cli.html#--expose-gc',
  ),
];

/** Named by the guard itself: they have no function of their own to wrap. */
export const NAMED_OPERATIONS: readonly CatalogEntry[] = [
  {
    ...entry(
      'console',
      'console',
      'a logger that writes asynchronously: pino.destination({ sync: false })',
      'https://nodejs.org/api/process.html#a-note-on-process-io',
      {
        type: 'duration',
        ms: 1,
      },
    ),
    path: '',
  },
  {
    ...entry(
      'require',
      'module loading',
      'load it at start-up: an import at the top of the file',
      'https://nodejs.org/api/modules.html#requireid',
    ),
    path: '',
  },
];

function entry(
  path: string,
  category: Category,
  alternative: string,
  docs: string,
  gate: Gate | null = null,
): CatalogEntry {
  return { name: path, module: '(global)', path, category, alternative, since: '', docs, gate };
}
