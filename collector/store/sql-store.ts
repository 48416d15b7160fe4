import { type Kysely, sql, type Transaction } from 'kysely';
import { type IncidentState, LIMITS, type SampleDetail } from '../../protocol/index.js';
import { KEEP_SECONDS_MS, MINUTE_MS, SECOND_MS, TEN_SECONDS_MS, toSlots } from './history.js';
import { Maintenance } from './maintenance.js';
import type { Database } from './schema.js';
import type {
  GroupChange,
  HistoryPoint,
  Maintained,
  Store,
  StoreChanges,
  StoredGroup,
  StoredGroupDetail,
  StoredState,
  StoreKind,
} from './store.js';

const HOUR_MS = 3_600_000;
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
}

/** A store in a SQL database: the same statements for SQLite and PostgreSQL. */
export class SqlStore implements Store {
  readonly kind: StoreKind;
  readonly #db: Kysely<Database>;
  readonly #maintenance: Maintenance;

  constructor(db: Kysely<Database>, options: SqlStoreOptions) {
    this.kind = options.kind;
    this.#db = db;
    this.#maintenance = new Maintenance(db, options);
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
    const { collector, atMs } = changes;
    await this.#db.transaction().execute(async (db) => {
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
    await this.#db.destroy();
  }
}

async function saveGroup(db: Transaction<Database>, change: GroupChange, atMs: number): Promise<void> {
  const { service, fingerprint, totals } = change;
  await db
    .insertInto('incident_groups')
    .values({
      service,
      fingerprint,
      first_seen: change.firstSeen,
      last_seen: change.lastSeen,
      count: totals.count,
      cold_count: totals.coldCount,
      thrown_count: totals.thrownCount,
      total_ms: totals.totalMs,
      max_ms: totals.maxMs,
      delayed_requests: totals.delayedRequests,
      delayed_ms: totals.delayedMs,
      instances: totals.instances,
      state: 'open',
      state_reason: '',
      state_at: 0,
      regression: null,
      body: JSON.stringify(change.body),
      saved_at: atMs,
    })
    .onConflict((conflict) =>
      conflict.columns(['service', 'fingerprint']).doUpdateSet((row) => ({
        first_seen: sql<number>`case when excluded.first_seen < incident_groups.first_seen then excluded.first_seen else incident_groups.first_seen end`,
        last_seen: sql<number>`case when excluded.last_seen > incident_groups.last_seen then excluded.last_seen else incident_groups.last_seen end`,
        count: sql<number>`incident_groups.count + excluded.count`,
        cold_count: sql<number>`incident_groups.cold_count + excluded.cold_count`,
        thrown_count: sql<number>`incident_groups.thrown_count + excluded.thrown_count`,
        total_ms: sql<number>`incident_groups.total_ms + excluded.total_ms`,
        max_ms: sql<number>`case when excluded.max_ms > incident_groups.max_ms then excluded.max_ms else incident_groups.max_ms end`,
        delayed_requests: sql<number>`incident_groups.delayed_requests + excluded.delayed_requests`,
        delayed_ms: sql<number>`incident_groups.delayed_ms + excluded.delayed_ms`,
        instances: sql<number>`incident_groups.instances + excluded.instances`,
        body: row.ref('excluded.body'),
        saved_at: row.ref('excluded.saved_at'),
      })),
    )
    .execute();
  if (change.decision !== null) {
    const { state, reason, atMs: decidedAt, regression } = change.decision;
    await db
      .updateTable('incident_groups')
      .set({
        state,
        state_reason: reason,
        state_at: decidedAt,
        regression: regression === null ? null : JSON.stringify(regression),
      })
      .where('service', '=', service)
      .where('fingerprint', '=', fingerprint)
      .where('state_at', '<=', decidedAt)
      .execute();
  }
  if (change.samples.length > 0) {
    const samples = change.samples.map((sample) => ({
      service,
      fingerprint,
      at: sample.at,
      duration_ms: sample.durationMs,
      delayed_ms: sample.delayed.reduce((sum, each) => sum + each.delayedMs, 0),
      body: JSON.stringify(sample),
    }));
    await db.insertInto('incident_samples').values(samples).execute();
  }
  const count = totals.count + totals.coldCount;
  if (count > 0 || totals.delayedMs > 0) {
    const at = Math.floor(atMs / HOUR_MS) * HOUR_MS;
    await db
      .insertInto('incident_hours')
      .values({ service, fingerprint, at, count, delayed_ms: totals.delayedMs })
      .onConflict((conflict) =>
        conflict.columns(['service', 'fingerprint', 'at']).doUpdateSet({
          count: sql<number>`incident_hours.count + excluded.count`,
          delayed_ms: sql<number>`incident_hours.delayed_ms + excluded.delayed_ms`,
        }),
      )
      .execute();
  }
}

function toGroup(row: {
  service: string;
  fingerprint: string;
  first_seen: number;
  last_seen: number;
  count: number;
  cold_count: number;
  thrown_count: number;
  total_ms: number;
  max_ms: number;
  delayed_requests: number;
  delayed_ms: number;
  instances: number;
  state: string;
  state_reason: string;
  state_at: number;
  regression: string | null;
  body: string;
}): StoredGroup {
  return {
    service: row.service,
    fingerprint: row.fingerprint,
    firstSeen: row.first_seen,
    lastSeen: row.last_seen,
    totals: {
      count: row.count,
      coldCount: row.cold_count,
      thrownCount: row.thrown_count,
      totalMs: row.total_ms,
      maxMs: row.max_ms,
      delayedRequests: row.delayed_requests,
      delayedMs: row.delayed_ms,
      instances: row.instances,
    },
    decision: {
      state: row.state as IncidentState,
      reason: row.state_reason,
      atMs: row.state_at,
      regression: row.regression === null ? null : JSON.parse(row.regression),
    },
    body: JSON.parse(row.body),
  };
}

function groupKey({ service, fingerprint }: { readonly service: string; readonly fingerprint: string }): string {
  return `${service}\n${fingerprint}`;
}

function* inParts<T>(rows: readonly T[]): Generator<T[]> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) yield rows.slice(at, at + ROWS_AT_ONCE);
}
