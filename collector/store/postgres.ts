import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import type { StoreLimits } from './location.js';
import { migrate } from './migrations.js';
import type { Database } from './schema.js';
import { SqlStore } from './sql-store.js';

const CONNECT_TIMEOUT_MS = 5000;
const STATEMENT_TIMEOUT_MS = 30_000;

/** A PostgreSQL database that several collectors may share. Lost connections are made again when they are needed. */
export async function openPostgres(url: string, limits: StoreLimits): Promise<SqlStore> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 3,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    application_name: 'holdup collector',
  });
  // A connection that breaks while idle: the next question opens another.
  pool.on('error', () => {});
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  try {
    await migrate(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  const tables = ['incident_groups', 'incident_samples', 'incident_hours', 'timeline', 'totals', 'senders', 'saves'];
  return new SqlStore(db, {
    kind: 'postgres',
    ...limits,
    sizeBytes: async () => {
      const sizes = sql.join(
        tables.map((table) => sql`pg_total_relation_size(${table}::regclass)`),
        sql` + `,
      );
      const { rows } = await sql<{ bytes: string }>`select ${sizes} as bytes`.execute(db);
      return Number(rows[0]?.bytes ?? 0);
    },
    beforeClose: async () => {},
    compact: async () => {
      for (const table of tables) await sql`vacuum ${sql.table(table)}`.execute(db);
    },
  });
}
