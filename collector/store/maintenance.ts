import { type Kysely, sql } from 'kysely';
import { LIMITS } from '../../protocol/index.js';
import { KEEP_SECONDS_MS, KEEP_TEN_SECONDS_MS, MINUTE_MS, SECOND_MS, TEN_SECONDS_MS, toSlots } from './history.js';
import type { Database } from './schema.js';
import type { SqlStoreOptions } from './sql-store.js';
import type { HistoryPoint, Maintained } from './store.js';

/** A block may become known this long after the second it began in. */
const SETTLED_MS = 3000;
/** Slots that are made again each time, because their last seconds may have settled late. */
const AGAIN = 2;
/** How often the old is thrown away, and the size looked at. */
const RETENTION_MS = 60_000;
const ROWS_AT_ONCE = 100;
/** How much of the oldest is thrown away at a time when the store is too large. */
const SHRINK_SHARE = 0.1;

/** Keeps the store in bounds: seconds become ten seconds, those become minutes, and what is old or too much goes. */
export class Maintenance {
  readonly #db: Kysely<Database>;
  readonly #options: SqlStoreOptions;
  #retainedAtMs = 0;
  #sizeBytes = 0;

  constructor(db: Kysely<Database>, options: SqlStoreOptions) {
    this.#db = db;
    this.#options = options;
  }

  async run(nowMs: number): Promise<Maintained> {
    const settledMs = nowMs - SETTLED_MS;
    await this.#rollUp(SECOND_MS, TEN_SECONDS_MS, settledMs);
    await this.#rollUp(TEN_SECONDS_MS, MINUTE_MS, settledMs);
    let droppedRows = 0;
    if (Math.abs(nowMs - this.#retainedAtMs) >= RETENTION_MS) {
      this.#retainedAtMs = nowMs;
      await this.#forgetOld(nowMs);
      await this.#keepWorstSamples();
      droppedRows = await this.#shrink();
    }
    return { sizeBytes: this.#sizeBytes, droppedRows };
  }

  /** Makes points of `toMs` from those of `fromMs`, for each collector. Doing it twice changes nothing. */
  async #rollUp(fromMs: number, toMs: number, settledMs: number): Promise<void> {
    const until = Math.floor(settledMs / toMs) * toMs;
    const last = await this.#db
      .selectFrom('timeline')
      .select(({ fn }) => fn.max('at').as('at'))
      .where('step_ms', '=', toMs)
      .executeTakeFirst();
    const since = last?.at == null ? 0 : last.at + toMs - AGAIN * toMs;
    if (since >= until) return;
    const rows = await this.#db
      .selectFrom('timeline')
      .select(['collector', 'body'])
      .where('step_ms', '=', fromMs)
      .where('at', '>=', since)
      .where('at', '<', until)
      .orderBy('at')
      .execute();
    const byCollector = new Map<string, { collector: string; point: HistoryPoint }[]>();
    for (const { collector, body } of rows) {
      const list = byCollector.get(collector) ?? [];
      list.push({ collector, point: JSON.parse(body) });
      byCollector.set(collector, list);
    }
    const made: { step_ms: number; at: number; collector: string; body: string }[] = [];
    for (const [collector, points] of byCollector) {
      for (const point of toSlots(points, toMs)) {
        made.push({ step_ms: toMs, at: point.at, collector, body: JSON.stringify(point) });
      }
    }
    for (let at = 0; at < made.length; at += ROWS_AT_ONCE) {
      await this.#db
        .insertInto('timeline')
        .values(made.slice(at, at + ROWS_AT_ONCE))
        .onConflict((conflict) =>
          conflict.columns(['step_ms', 'at', 'collector']).doUpdateSet((row) => ({ body: row.ref('excluded.body') })),
        )
        .execute();
    }
  }

  async #forgetOld(nowMs: number): Promise<void> {
    const { retentionMs } = this.#options;
    const db = this.#db;
    const ages = [
      [SECOND_MS, KEEP_SECONDS_MS],
      [TEN_SECONDS_MS, KEEP_TEN_SECONDS_MS],
      [MINUTE_MS, retentionMs],
    ] as const;
    for (const [step, keepMs] of ages) {
      await db
        .deleteFrom('timeline')
        .where('step_ms', '=', step)
        .where('at', '<', nowMs - Math.min(keepMs, retentionMs))
        .execute();
    }
    const before = nowMs - retentionMs;
    await db.deleteFrom('incident_hours').where('at', '<', before).execute();
    await db.deleteFrom('incident_samples').where('at', '<', before).execute();
    await db.deleteFrom('totals').where('saved_at', '<', before).execute();
    await db
      .deleteFrom('senders')
      .where('heard_at', '<', nowMs - KEEP_SECONDS_MS)
      .execute();
    // What a person chose to ignore stays ignored, for as long as it might come back within a year.
    await db
      .deleteFrom('incident_groups')
      .where('last_seen', '<', before)
      // Not one that is still being counted, whatever its sender's clock says.
      .where('saved_at', '<', before)
      .where(({ eb, or }) => or([eb('state', '!=', 'ignored'), eb('last_seen', '<', nowMs - 365 * 86_400_000)]))
      .execute();
  }

  async #keepWorstSamples(): Promise<void> {
    await sql`
      delete from incident_samples where id in (
        select id from (
          select id, row_number() over (
            partition by service, fingerprint order by delayed_ms desc, duration_ms desc, at desc
          ) as place from incident_samples
        ) as ranked where place > ${LIMITS.samplesPerGroup}
      )`.execute(this.#db);
  }

  /** Throws away the oldest tenth of what grows, until the store fits again. Groups themselves are the last to go. */
  async #shrink(): Promise<number> {
    let dropped = 0;
    this.#sizeBytes = await this.#options.sizeBytes();
    for (let round = 0; round < 10 && this.#sizeBytes > this.#options.maxBytes; round++) {
      const before = dropped;
      dropped += await this.#dropOldest('timeline', 'at');
      dropped += await this.#dropOldest('incident_samples', 'at');
      dropped += await this.#dropOldest('incident_hours', 'at');
      if (dropped === before || round >= 5) dropped += await this.#dropOldest('incident_groups', 'last_seen');
      await this.#options.compact();
      this.#sizeBytes = await this.#options.sizeBytes();
    }
    return dropped;
  }

  async #dropOldest(table: 'timeline' | 'incident_samples' | 'incident_hours' | 'incident_groups', by: string) {
    const { rows } = await sql<{ count: number; oldest: number | null; newest: number | null }>`
      select cast(count(*) as double precision) as count, min(${sql.ref(by)}) as oldest, max(${sql.ref(by)}) as newest
      from ${sql.table(table)}`.execute(this.#db);
    const { count = 0, oldest = null, newest = null } = rows[0] ?? {};
    if (count === 0 || oldest === null || newest === null) return 0;
    const until = oldest + (newest - oldest) * SHRINK_SHARE;
    const result = await sql`delete from ${sql.table(table)} where ${sql.ref(by)} <= ${until}`.execute(this.#db);
    return Number(result.numAffectedRows ?? 0);
  }
}
