/**
 * Every metric that leaves a process, by its OpenTelemetry name. Names under `holdup.` are ours; the rest are
 * OpenTelemetry's semantic conventions and are never minted by us.
 */
export const METRICS = {
  requestDuration: { name: 'http.server.request.duration', unit: 's' },
  requestBusy: { name: 'holdup.request.busy.duration', unit: 's' },
  requestWait: { name: 'holdup.request.wait.duration', unit: 's' },
  requestActive: { name: 'holdup.request.active', unit: '{request}' },
  requestActivePeak: { name: 'holdup.request.active.peak', unit: '{request}' },
  operationDuration: { name: 'holdup.sync_only_operation.duration', unit: 's' },
  blockDuration: { name: 'holdup.eventloop.block.duration', unit: 's' },
  blocked: { name: 'holdup.eventloop.blocked', unit: 's' },
  blockedTime: { name: 'holdup.eventloop.blocked.time', unit: 's' },
  attributedTime: { name: 'holdup.eventloop.attributed.time', unit: 's' },
  loopDelay: { name: 'holdup.eventloop.delay', unit: 's' },
  loopUtilization: { name: 'nodejs.eventloop.utilization', unit: '1' },
  loopTime: { name: 'nodejs.eventloop.time', unit: 's' },
  gcDuration: { name: 'v8js.gc.duration', unit: 's' },
  rss: { name: 'process.memory.usage', unit: 'By' },
  heapUsed: { name: 'v8js.memory.heap.used', unit: 'By' },
  observerBusy: { name: 'holdup.observer.busy', unit: 's' },
  observerSampling: { name: 'holdup.observer.sampling', unit: '1' },
  observerDropped: { name: 'holdup.observer.dropped', unit: '{item}' },
} as const;

export type PrometheusType = 'counter' | 'gauge' | 'histogram';

/** A metric as Prometheus sees it: its name is what Prometheus' OTLP receiver would make of ours. */
export interface PrometheusMetric {
  readonly name: string;
  readonly help: string;
  readonly type: PrometheusType;
  readonly labels: readonly string[];
}

export const PROMETHEUS_METRICS = {
  requestBusy: {
    name: 'holdup_request_busy_duration_seconds',
    help: 'Time each request itself held the event loop.',
    type: 'histogram',
    labels: ['method', 'route'],
  },
  requestWait: {
    name: 'holdup_request_wait_duration_seconds',
    help: 'Time each request waited while another one held the event loop.',
    type: 'histogram',
    labels: ['method', 'route'],
  },
  requestActive: {
    name: 'holdup_request_active',
    help: 'Requests in flight.',
    type: 'gauge',
    labels: ['method', 'route'],
  },
  operations: {
    name: 'holdup_sync_only_operations_total',
    help: 'Sync-only operations called in a view.',
    type: 'counter',
    labels: ['route', 'operation'],
  },
  operationDuration: {
    name: 'holdup_sync_only_operation_duration_seconds',
    help: 'How long each sync-only operation held the event loop.',
    type: 'histogram',
    labels: ['route', 'operation'],
  },
  blockDuration: {
    name: 'holdup_eventloop_block_duration_seconds',
    help: 'Uninterrupted holds of the event loop at or above the threshold.',
    type: 'histogram',
    labels: ['route'],
  },
  blockedTime: {
    name: 'holdup_eventloop_blocked_seconds_total',
    help: 'Time in which the event loop was held at or above the threshold.',
    type: 'counter',
    labels: [],
  },
  attributedTime: {
    name: 'holdup_eventloop_attributed_seconds_total',
    help: 'The part of holdup_eventloop_blocked_seconds_total that was given to a view.',
    type: 'counter',
    labels: [],
  },
  observerDropped: {
    name: 'holdup_observer_dropped_total',
    help: 'What Holdup could not keep or send.',
    type: 'counter',
    labels: ['what'],
  },
  observerBusy: {
    name: 'holdup_observer_busy_seconds_total',
    help: 'Time Holdup itself spent on the event loop.',
    type: 'counter',
    labels: [],
  },
} as const satisfies Record<string, PrometheusMetric>;

/** The powers of two, in seconds, between which our Prometheus histograms have their buckets: 0.5 ms to 32 s. */
export const PROMETHEUS_BUCKET_EXPONENTS = { from: -11, to: 5 } as const;
