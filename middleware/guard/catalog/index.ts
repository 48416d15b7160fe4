import { CHILD_PROCESS_OPERATIONS, CRYPTO_OPERATIONS, ZLIB_OPERATIONS } from './core.js';
import type { CatalogEntry } from './entry.js';
import { FS_OPERATIONS } from './fs.js';

export type { CatalogEntry } from './entry.js';

/** Every sync-only operation of Node.js that Holdup knows by name. */
export const CATALOG: readonly CatalogEntry[] = [
  ...FS_OPERATIONS,
  ...CHILD_PROCESS_OPERATIONS,
  ...CRYPTO_OPERATIONS,
  ...ZLIB_OPERATIONS,
];
