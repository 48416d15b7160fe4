import type { ColumnType, Generated } from 'kysely';

/** Numbers are doubles throughout: exact to 2^53, and the same JavaScript numbers from both databases. */
export interface Database {
  incident_groups: IncidentGroupRow;
  incident_samples: IncidentSampleRow;
  incident_hours: IncidentHourRow;
  timeline: TimelineRow;
  totals: TotalRow;
  senders: SenderRow;
  saves: SaveRow;
}

interface IncidentGroupRow {
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
  /** JSON, or null. */
  regression: string | null;
  /** JSON of a `GroupBody`. */
  body: string;
  saved_at: number;
}

interface IncidentSampleRow {
  id: Generated<number>;
  service: string;
  fingerprint: string;
  at: number;
  duration_ms: number;
  delayed_ms: number;
  /** JSON of a `SampleDetail`. */
  body: string;
}

interface IncidentHourRow {
  service: string;
  fingerprint: string;
  at: number;
  count: number;
  delayed_ms: number;
}

interface TimelineRow {
  step_ms: number;
  at: number;
  collector: string;
  /** JSON of a `HistoryPoint`. */
  body: string;
}

interface TotalRow {
  collector: string;
  name: string;
  /** JSON of a `TotalBody`. */
  body: string;
  saved_at: ColumnType<number, number, number>;
}

interface SenderRow {
  collector: string;
  id: string;
  reports: string;
  batches: string;
  heard_at: number;
}

/** What each collector saved last, so that what it saves again because it got no answer counts once. */
interface SaveRow {
  collector: string;
  id: string;
}
