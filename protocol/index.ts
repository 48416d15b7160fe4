/**
 * The contract between a watched process, the collector and the page: what flows between them, and the pure
 * functions that both ends need. It imports nothing.
 */
export * from './api.js';
export * from './check.js';
export * from './histogram.js';
export * from './incident.js';
export * from './incident-filter.js';
export * from './legible.js';
export * from './live.js';
export * from './metrics.js';
export type * from './otlp.js';
export { GOODBYE_ATTRIBUTE, SCOPE_NAME, SEQUENCE_ATTRIBUTE } from './otlp.js';
export * from './otlp-logs.js';
export * from './otlp-logs-protobuf.js';
export * from './otlp-metrics-protobuf.js';
export * from './otlp-metrics-reader.js';
export * from './otlp-metrics-writer.js';
export * from './otlp-protobuf-writer.js';
export * from './otlp-response.js';
export * from './report.js';
export * from './sentence-parts.js';
export * from './view.js';
