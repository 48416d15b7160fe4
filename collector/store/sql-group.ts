import { type Selectable, sql, type Transaction } from 'kysely';
import type { IncidentState } from '../../protocol/index.js';
import type { Database } from './schema.js';
import type { GroupChange, StoredGroup } from './store.js';

const HOUR_MS = 3_600_000;

/** Adds a group's increments to its row, and keeps what is read of it only when somebody looks. */
export async function saveGroup(db: Transaction<Database>, change: GroupChange, atMs: number): Promise<void> {
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

export function toGroup(row: Selectable<Database['incident_groups']>): StoredGroup {
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
