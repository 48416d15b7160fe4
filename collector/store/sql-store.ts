import type { Kysely } from 'kysely';
import { LIMITS, type SampleDetail } from '../../protocol/index.js';
import { KEEP_SECONDS_MS, MINUTE_MS, SECOND_MS, TEN_SECONDS_MS, toSlots } from './history.js';
import { Maintenance } from './maintenance.js';
import type { Database } from './schema.js';
import { saveGroup, toGroup } from './sql-group.js';
import type {
  HistoryPoint,
  Maintained,
  Store,
  StoreChanges,
  StoredGroup,
  StoredGroupDetail,
  StoredState,
  StoreKind,
} from './store.js';

/** Rows in one statement: at most 7 columns each, below SQLite's and PostgreSQL's limits on parameters. */
const ROWS_AT_ONCE = 400;
const GROUPS_LOADED = 10_000;
/** A process that was not heard of for this long will not send again what it sent. */
const SENDER_MS = 600_000;

/** How the two databases differ. */
export interface SqlStoreOptions {
  readonly kind: StoreKind;
  readonly retentionMs: number;
  readonly maxBytes: number;
  /** What the tables take now. */
  readonly sizeBytes: () => Promise<number>;
  /** Gives freed space back. */
  readonly compact: () => Promise<void>;
  /** Leaves the database tidy. */
  readonly beforeClose: () => Promise<void>;
}

/** A store in a SQL database: the same statements for SQLite and PostgreSQL. */
export class SqlStore implements Store {
  readonly kind: StoreKind;
  readonly down = '';
  readonly #db: Kysely<Database>;
  readonly #maintenance: Maintenance;
  readonly #beforeClose: () => Promise<void>;

  constructor(db: Kysely<Database>, options: SqlStoreOptions) {
    this.kind = options.kind;
    this.#db = db;
    this.#maintenance = new Maintenance(db, options);
    this.#beforeClose = options.beforeClose;
  }

  async load(collector: string, nowMs: number): Promise<StoredState> {
    const groups = await this.#db
      .selectFrom('incident_groups')
      .selectAll()
      .orderBy('last_seen', 'desc')
      .limit(GROUPS_LOADED)
      .execute();
    const totals = await this.#db.selectFrom('totals').select('body').where('collector', '=', collector).execute();
    const senders = await this.#db
      .selectFrom('senders')
      .select(['id', 'reports', 'batches', 'heard_at as heardAt'])
      .where('collector', '=', collector)
      .where('heard_at', '>', nowMs - SENDER_MS)
      .execute();
    const seconds = await this.#db
      .selectFrom('timeline')
      .select('body')
      .where('step_ms', '=', SECOND_MS)
      .where('at', '>', nowMs - KEEP_SECONDS_MS)
      .where('collector', '=', collector)
      .orderBy('at')
      .execute();
    return {
      groups: groups.map(toGroup).reverse(),
      totals: totals.map(({ body }) => JSON.parse(body)),
      senders,
      seconds: seconds.map(({ body }) => JSON.parse(body)),
    };
  }

  async save(changes: StoreChanges): Promise<void> {
    const { collector, id, atMs } = changes;
    await this.#db.transaction().execute(async (db) => {
      const { numInsertedOrUpdatedRows: isNew } = await db
        .insertInto('saves')
        .values({ collector, id })
        .onConflict((conflict) => conflict.column('collector').doUpdateSet({ id }).where('saves.id', '!=', id))
        .executeTakeFirst();
      if (Number(isNew) === 0) return;
      // In one order everywhere, so that two collectors never wait for each other in a circle.
      const groups = [...changes.groups].sort((a, b) => (groupKey(a) < groupKey(b) ? -1 : 1));
      for (const group of groups) await saveGroup(db, group, atMs);
      const totals = changes.totals.map(({ name, body }) => ({
        collector,
        name,
        body: JSON.stringify(body),
        saved_at: atMs,
      }));
      for (const rows of inParts(totals)) {
        await db
          .insertInto('totals')
          .values(rows)
          .onConflict((conflict) =>
            conflict.columns(['collector', 'name']).doUpdateSet((row) => ({
              body: row.ref('excluded.body'),
              saved_at: row.ref('excluded.saved_at'),
            })),
          )
          .execute();
      }
      const senders = changes.senders.map(({ id, reports, batches, heardAt }) => ({
        collector,
        id,
        reports,
        batches,
        heard_at: heardAt,
      }));
      for (const rows of inParts(senders)) {
        await db
          .insertInto('senders')
          .values(rows)
          .onConflict((conflict) =>
            conflict.columns(['collector', 'id']).doUpdateSet((row) => ({
              reports: row.ref('excluded.reports'),
              batches: row.ref('excluded.batches'),
              heard_at: row.ref('excluded.heard_at'),
            })),
          )
          .execute();
      }
      const seconds = changes.seconds.map((point) => ({
        step_ms: SECOND_MS,
        at: point.at,
        collector,
        body: JSON.stringify(point),
      }));
      for (const rows of inParts(seconds)) {
        await db
          .insertInto('timeline')
          .values(rows)
          .onConflict((conflict) =>
            conflict.columns(['step_ms', 'at', 'collector']).doUpdateSet((row) => ({ body: row.ref('excluded.body') })),
          )
          .execute();
      }
    });
  }

  async groupsSavedSince(savedAtMs: number): Promise<readonly StoredGroup[]> {
    const rows = await this.#db
      .selectFrom('incident_groups')
      .selectAll()
      .where('saved_at', '>=', savedAtMs)
      .limit(GROUPS_LOADED)
      .execute();
    return rows.map(toGroup);
  }

  async groupDetail(service: string, fingerprint: string): Promise<StoredGroupDetail> {
    const samples = await this.#db
      .selectFrom('incident_samples')
      .select('body')
      .where('service', '=', service)
      .where('fingerprint', '=', fingerprint)
      .orderBy('delayed_ms', 'desc')
      .orderBy('duration_ms', 'desc')
      .orderBy('at', 'desc')
      .limit(LIMITS.samplesPerGroup)
      .execute();
    const hours = await this.#db
      .selectFrom('incident_hours')
      .select(['at', 'count', 'delayed_ms as delayedMs'])
      .where('service', '=', service)
      .where('fingerprint', '=', fingerprint)
      .orderBy('at')
      .execute();
    return { samples: samples.map(({ body }) => JSON.parse(body) as SampleDetail), hours };
  }

  async timeline(fromMs: number, toMs: number, stepMs: number): Promise<readonly HistoryPoint[]> {
    const fits = stepMs >= MINUTE_MS ? MINUTE_MS : stepMs >= TEN_SECONDS_MS ? TEN_SECONDS_MS : SECOND_MS;
    const rows: { readonly collector: string; readonly point: HistoryPoint }[] = [];
    let from = fromMs;
    for (const step of [MINUTE_MS, TEN_SECONDS_MS, SECOND_MS]) {
      if (step > fits) continue;
      const found = await this.#db
        .selectFrom('timeline')
        .select(['collector', 'at', 'body'])
        .where('step_ms', '=', step)
        .where('at', '>=', from)
        .where('at', '<', toMs)
        .orderBy('at')
        .execute();
      for (const { collector, body } of found) rows.push({ collector, point: JSON.parse(body) });
      // What is too young to have been made coarse is read from the finer rows.
      const last = found.at(-1);
      if (last !== undefined) from = last.at + step;
    }
    return toSlots(rows, Math.max(stepMs, SECOND_MS));
  }

  maintain(nowMs: number): Promise<Maintained> {
    return this.#maintenance.run(nowMs);
  }

  async close(): Promise<void> {
    await this.#beforeClose();
    await this.#db.destroy();
  }
}

function groupKey({ service, fingerprint }: { readonly service: string; readonly fingerprint: string }): string {
  return `${service}\n${fingerprint}`;
}

function* inParts<T>(rows: readonly T[]): Generator<T[]> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) yield rows.slice(at, at + ROWS_AT_ONCE);
}
