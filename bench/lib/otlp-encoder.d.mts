import type { ExportLogsRequest, ExportMetricsRequest } from 'holdup/protocol';

export function encodeMetrics(request: ExportMetricsRequest): Uint8Array<ArrayBuffer>;
export function encodeLogs(request: ExportLogsRequest): Uint8Array<ArrayBuffer>;
