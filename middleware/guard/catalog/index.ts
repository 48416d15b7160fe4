import {
  CHILD_PROCESS_OPERATIONS,
  CRYPTO_OPERATIONS,
  DGRAM_OPERATIONS,
  PROCESS_OPERATIONS,
  V8_OPERATIONS,
  VM_OPERATIONS,
  ZLIB_OPERATIONS,
} from './core.js';
import type { CatalogEntry } from './entry.js';
import { FS_OPERATIONS } from './fs.js';
import { GLOBAL_OPERATIONS, NAMED_OPERATIONS } from './language.js';
import { SQLITE_OPERATIONS } from './sqlite.js';

export { type CatalogEntry, describeGate, type Gate } from './entry.js';
export { CATALOG_PACKAGES, type CatalogPackage } from './packages.js';

/** Every sync-only operation of Node.js that Holdup knows by name. */
export const CATALOG: readonly CatalogEntry[] = [
  ...FS_OPERATIONS,
  ...CHILD_PROCESS_OPERATIONS,
  ...CRYPTO_OPERATIONS,
  ...ZLIB_OPERATIONS,
  ...SQLITE_OPERATIONS,
  ...V8_OPERATIONS,
  ...VM_OPERATIONS,
  ...PROCESS_OPERATIONS,
  ...DGRAM_OPERATIONS,
  ...GLOBAL_OPERATIONS,
  ...NAMED_OPERATIONS,
];

/** What has a name that ends in `Sync` and is no operation, and why. */
export const EXEMPT: Readonly<Record<string, string>> = {
  'node:sqlite.DatabaseSync': 'a class: its methods are the operations',
  'node:sqlite.StatementSync': 'a class: its methods are the operations',
};
