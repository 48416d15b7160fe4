/**
 * The part of OTLP/HTTP in JSON that Holdup speaks, as types: what a process posts to `/v1/metrics` and `/v1/logs`.
 * 64-bit integers travel as strings; readers accept numbers too.
 *
 * Source: https://opentelemetry.io/docs/specs/otlp/ and opentelemetry-proto's JSON mapping.
 */
export interface AnyValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string | number;
  readonly doubleValue?: number | string;
  readonly arrayValue?: { readonly values?: readonly AnyValue[] };
  readonly kvlistValue?: { readonly values?: readonly KeyValue[] };
}

export interface KeyValue {
  readonly key: string;
  readonly value?: AnyValue;
}

export interface Resource {
  readonly attributes?: readonly KeyValue[];
}

export interface Scope {
  readonly name?: string;
  readonly version?: string;
  readonly attributes?: readonly KeyValue[];
}

export interface NumberDataPoint {
  readonly attributes?: readonly KeyValue[];
  readonly startTimeUnixNano?: string | number;
  readonly timeUnixNano?: string | number;
  readonly asDouble?: number | string;
  readonly asInt?: string | number;
}

export interface ExponentialBuckets {
  readonly offset?: number;
  readonly bucketCounts?: readonly (string | number)[];
}

export interface ExponentialHistogramDataPoint {
  readonly attributes?: readonly KeyValue[];
  readonly startTimeUnixNano?: string | number;
  readonly timeUnixNano?: string | number;
  readonly count?: string | number;
  readonly sum?: number;
  readonly scale?: number;
  readonly zeroCount?: string | number;
  readonly positive?: ExponentialBuckets;
  readonly negative?: ExponentialBuckets;
  readonly min?: number;
  readonly max?: number;
}

/** 1 is delta, 2 is cumulative. */
export type Temporality = 1 | 2;

export interface Metric {
  readonly name?: string;
  readonly description?: string;
  readonly unit?: string;
  readonly gauge?: { readonly dataPoints?: readonly NumberDataPoint[] };
  readonly sum?: {
    readonly dataPoints?: readonly NumberDataPoint[];
    readonly aggregationTemporality?: Temporality | number | string;
    readonly isMonotonic?: boolean;
  };
  readonly exponentialHistogram?: {
    readonly dataPoints?: readonly ExponentialHistogramDataPoint[];
    readonly aggregationTemporality?: Temporality | number | string;
  };
  /** Never ours: counted and left aside. */
  readonly histogram?: { readonly dataPoints?: readonly NumberDataPoint[] };
  /** Never ours: counted and left aside. */
  readonly summary?: { readonly dataPoints?: readonly NumberDataPoint[] };
}

export interface ScopeMetrics {
  readonly scope?: Scope;
  readonly metrics?: readonly Metric[];
}

export interface ResourceMetrics {
  readonly resource?: Resource;
  readonly scopeMetrics?: readonly ScopeMetrics[];
}

/** The body of `POST /v1/metrics`. */
export interface ExportMetricsRequest {
  readonly resourceMetrics?: readonly ResourceMetrics[];
}

export interface LogRecord {
  readonly timeUnixNano?: string | number;
  readonly observedTimeUnixNano?: string | number;
  readonly severityNumber?: number;
  readonly severityText?: string;
  readonly eventName?: string;
  readonly body?: AnyValue;
  readonly attributes?: readonly KeyValue[];
  readonly traceId?: string;
}

export interface ScopeLogs {
  readonly scope?: Scope;
  readonly logRecords?: readonly LogRecord[];
}

export interface ResourceLogs {
  readonly resource?: Resource;
  readonly scopeLogs?: readonly ScopeLogs[];
}

/** The body of `POST /v1/logs`. */
export interface ExportLogsRequest {
  readonly resourceLogs?: readonly ResourceLogs[];
}

/** The instrumentation scope of everything Holdup's own agent sends. */
export const SCOPE_NAME = 'holdup';
/** Scope attribute: the number of the report or batch, so that one that arrives twice is counted once. */
export const SEQUENCE_ATTRIBUTE = 'holdup.sequence';
/** Scope attribute: true in the last report of a process that ends. */
export const GOODBYE_ATTRIBUTE = 'holdup.goodbye';
