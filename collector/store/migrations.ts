import { type Kysely, type Migration, Migrator, PostgresAdapter } from 'kysely';
import type { Database } from './schema.js';

type Columns = Readonly<Record<string, 'text' | 'nullable text' | 'number' | 'id'>>;

const GROUP_KEY = { service: 'text', fingerprint: 'text' } as const;

/**
 * Never changed once released; a new one is added instead. They run in the order of their names. SQLite commits each
 * statement by itself, so a migration must be able to run again after a crash in its middle.
 */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '001_first': {
    async up(db: Kysely<never>) {
      await createTable(db, 'incident_groups', ['service', 'fingerprint'], {
        ...GROUP_KEY,
        first_seen: 'number',
        last_seen: 'number',
        count: 'number',
        cold_count: 'number',
        thrown_count: 'number',
        total_ms: 'number',
        max_ms: 'number',
        delayed_requests: 'number',
        delayed_ms: 'number',
        instances: 'number',
        state: 'text',
        state_reason: 'text',
        state_at: 'number',
        regression: 'nullable text',
        body: 'text',
        saved_at: 'number',
      });
      await createIndex(db, 'incident_groups', ['saved_at']);
      await createIndex(db, 'incident_groups', ['last_seen']);
      await createTable(db, 'incident_samples', [], {
        id: 'id',
        ...GROUP_KEY,
        at: 'number',
        duration_ms: 'number',
        delayed_ms: 'number',
        body: 'text',
      });
      await createIndex(db, 'incident_samples', ['service', 'fingerprint', 'delayed_ms', 'duration_ms']);
      await createTable(db, 'incident_hours', ['service', 'fingerprint', 'at'], {
        ...GROUP_KEY,
        at: 'number',
        count: 'number',
        delayed_ms: 'number',
      });
      await createTable(db, 'timeline', ['step_ms', 'at', 'collector'], {
        step_ms: 'number',
        at: 'number',
        collector: 'text',
        body: 'text',
      });
      await createTable(db, 'totals', ['collector', 'name'], {
        collector: 'text',
        name: 'text',
        body: 'text',
        saved_at: 'number',
      });
      await createTable(db, 'senders', ['collector', 'id'], {
        collector: 'text',
        id: 'text',
        reports: 'text',
        batches: 'text',
        heard_at: 'number',
      });
    },
  },
  '002_saves': {
    async up(db: Kysely<never>) {
      await createTable(db, 'saves', ['collector'], { collector: 'text', id: 'text' });
    },
  },
};

/** Brings the database to this version's tables. Several collectors may try at once: Kysely takes a lock. */
export async function migrate(db: Kysely<Database>): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...MIGRATIONS }) },
    migrationTableName: 'holdup_migrations',
    migrationLockTableName: 'holdup_migrations_lock',
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error !== undefined) {
    const failed = results?.find(({ status }) => status === 'Error')?.migrationName ?? 'the migrations';
    throw new Error(`${failed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function isPostgres(db: Kysely<never> | Kysely<Database>): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter;
}

async function createTable(db: Kysely<never>, name: string, key: readonly string[], columns: Columns): Promise<void> {
  let table = db.schema.createTable(name).ifNotExists();
  for (const [column, type] of Object.entries(columns)) {
    if (type === 'id') {
      table = table.addColumn(column, isPostgres(db) ? 'bigserial' : 'integer', (made) => made.primaryKey());
    } else {
      const isNullable = type === 'nullable text';
      table = table.addColumn(column, type === 'number' ? 'double precision' : 'text', (made) =>
        isNullable ? made : made.notNull(),
      );
    }
  }
  if (key.length > 0) table = table.addPrimaryKeyConstraint(`${name}_key`, key as never[]);
  await table.execute();
}

async function createIndex(db: Kysely<never>, table: string, columns: readonly string[]): Promise<void> {
  const name = `${table}_by_${columns.join('_')}`;
  await db.schema
    .createIndex(name)
    .ifNotExists()
    .on(table)
    .columns([...columns])
    .execute();
}
