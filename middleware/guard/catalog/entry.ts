import type { Category } from '../../../protocol/index.js';
import type { Operation } from '../operation-call.js';

/** One sync-only operation of Node.js or of a package, as data. The guard and docs/operations.md are both made from it. */
export interface CatalogEntry extends Operation {
  /** `fs`, `node:sqlite`, `(global)`, or a package. */
  readonly module: string;
  /** Where it hangs on the module's exports: `readFileSync`, `realpathSync.native`, `Dir.prototype.readSync`. */
  readonly path: string;
  /** The Node.js version that brought it, when not every supported one has it; empty otherwise. */
  readonly since: string;
  /** Its page and anchor. */
  readonly docs: string;
  /** When only some calls block, which; null when every call does. */
  readonly gate: Gate | null;
}

/** What makes a call of an argument-dependent operation one that blocks. */
export type Gate =
  /** The last argument is no function: with a callback it runs on the thread pool. */
  | { readonly type: 'no callback' }
  /** An argument is at least this large: a string's length, a buffer's bytes, or a number itself. */
  | { readonly type: 'argument'; readonly index: number; readonly bytes: number }
  /** The result is at least this large; known only after the call, so it is never thrown for. */
  | { readonly type: 'result'; readonly bytes: number }
  /** It took at least this long; known only after the call, so it is never thrown for. */
  | { readonly type: 'duration'; readonly ms: number };

/** The gate in words, for the documentation. */
export function describeGate(gate: Gate | null): string {
  switch (gate?.type) {
    case undefined:
      return '';
    case 'no callback':
      return 'without a callback';
    case 'argument':
      return `from ${size(gate.bytes)} of input`;
    case 'result':
      return `from ${size(gate.bytes)} of output`;
    case 'duration':
      return `when it takes ${gate.ms} ms or more`;
  }
}

function size(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${bytes / 1024 / 1024} MB` : `${bytes / 1024} KB`;
}

/** `[path, parameters as Node's documentation writes them, alternative, since?, gate?]` */
export type CatalogRow = readonly [path: string, parameters: string, alternative: string, since?: string, gate?: Gate];

/** Rows of one of Node's own modules; the documentation's anchors follow from the parameters. */
export function nodeEntries(module: string, category: Category, rows: readonly CatalogRow[]): CatalogEntry[] {
  return rows.map(([path, parameters, alternative, since = '', gate = null]) => ({
    name: `${module}.${path.replace('.prototype', '')}`,
    module,
    path,
    category,
    alternative,
    since,
    docs: nodeDocs(module, path, parameters),
    gate,
  }));
}

/** What Node's documentation calls an instance of a class in its headings, where that is not the class's own name. */
const INSTANCES: Readonly<Record<string, string>> = {
  Cipheriv: 'cipher',
  Decipheriv: 'decipher',
  DatabaseSync: 'database',
  StatementSync: 'statement',
};

/** `https://nodejs.org/api/fs.html#fsreadfilesyncpath-options`: a heading in lower case without its punctuation. */
function nodeDocs(module: string, path: string, parameters: string): string {
  const [className = '', method] = path.split('.prototype.');
  const heading =
    method !== undefined
      ? `${INSTANCES[className] ?? className}${method}`
      : /^[A-Z]\w*$/.test(path)
        ? `new ${module}${path}`
        : /^[A-Z]/.test(path)
          ? `static method ${path}`
          : `${module}${path}`;
  const anchor = `${heading}${parameters}`
    .toLowerCase()
    .replace(/[^a-z0-9_ -]/g, '')
    .trim()
    .replace(/ /g, '-');
  return `https://nodejs.org/api/${module.replace('node:', '')}.html#${anchor}`;
}
