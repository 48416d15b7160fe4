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
  /** When only some calls block, which; empty when every call does. */
  readonly when: string;
}

/** `[path, parameters as Node's documentation writes them, alternative, since?]` */
export type CatalogRow = readonly [path: string, parameters: string, alternative: string, since?: string];

/** Rows of one of Node's own modules; the documentation's anchors follow from the parameters. */
export function nodeEntries(module: string, category: Category, rows: readonly CatalogRow[]): CatalogEntry[] {
  return rows.map(([path, parameters, alternative, since = '']) => ({
    name: `${module}.${path.replace('.prototype', '')}`,
    module,
    path,
    category,
    alternative,
    since,
    docs: nodeDocs(module, path, parameters),
    when: '',
  }));
}

/** `https://nodejs.org/api/fs.html#fsreadfilesyncpath-options`: a heading in lower case without its punctuation. */
export function nodeDocs(module: string, path: string, parameters: string): string {
  const heading = path.includes('.prototype.')
    ? path.toLowerCase().replace('.prototype.', '')
    : `${module}${path}`.toLowerCase();
  const anchor = `${heading}${parameters}`
    .toLowerCase()
    .replace(/[^a-z0-9_ -]/g, '')
    .trim()
    .replace(/ /g, '-');
  return `https://nodejs.org/api/${module.replace('node:', '')}.html#${anchor}`;
}
