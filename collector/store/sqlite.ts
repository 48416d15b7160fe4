import { chmod, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Kysely, type SqliteDatabase, SqliteDialect } from 'kysely';
import Database from 'libsql';
import type { StoreLimits } from './location.js';
import { migrate } from './migrations.js';
import type { Database as Tables } from './schema.js';
import { SqlStore } from './sql-store.js';

/** Another collector may be ending as this one starts. */
const LOCK_TIMEOUT_MS = 1500;

/**
 * One file, private to its user and held by one collector at a time: a second one is refused with `SQLITE_BUSY`, and
 * the lock ends with its process, however that ends. Write-ahead logging keeps it whole when the process is killed.
 */
export async function openSqlite(path: string, limits: StoreLimits): Promise<SqlStore> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // Stacks and source lines lie in it.
  const file = await open(path, 'a', 0o600);
  await file.close();
  await chmod(path, 0o600);
  const database = new Database(path, { timeout: LOCK_TIMEOUT_MS });
  try {
    for (const pragma of [
      'locking_mode = EXCLUSIVE',
      'auto_vacuum = INCREMENTAL',
      'journal_mode = WAL',
      'synchronous = NORMAL',
      'journal_size_limit = 16777216',
    ]) {
      database.pragma(pragma);
    }
    const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: database as unknown as SqliteDatabase }) });
    await migrate(db);
    const number = (pragma: string): number => {
      const [row] = database.pragma(pragma) as unknown as readonly Record<string, number>[];
      return Object.values(row ?? {})[0] ?? 0;
    };
    return new SqlStore(db, {
      kind: 'sqlite',
      ...limits,
      sizeBytes: async () => (number('page_count') - number('freelist_count')) * number('page_size'),
      compact: async () => {
        database.pragma('incremental_vacuum');
        // Only then is the file itself shorter.
        database.pragma('wal_checkpoint(TRUNCATE)');
      },
      // One file is left, whole by itself.
      beforeClose: async () => {
        database.pragma('wal_checkpoint(TRUNCATE)');
      },
    });
  } catch (error) {
    database.close();
    throw error;
  }
}
