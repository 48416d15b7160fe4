import { Registry } from 'prom-client';
import {
  Histogram,
  type HistogramData,
  OTHER_ROUTE,
  PROMETHEUS_BUCKET_EXPONENTS,
  PROMETHEUS_METRICS,
  type PrometheusMetric,
  powerOfTwoBuckets,
} from '../protocol/index.js';
import type { Fleet } from './fleet.js';
import type { LiveFeed } from './live-feed.js';
import type { Persistence } from './persistence.js';
import { VERSION } from './version.js';

/** Routes with series of their own; the rest of a service is summed up as `(other)`, so that a scrape stays small. */
const ROUTES_WITH_SERIES = 1000;

type Labels = Readonly<Record<string, string>>;
interface Sample {
  readonly labels: Labels;
  readonly value: number;
  readonly metricName?: string;
}

/** The fleet's metrics, by the names of `protocol/metrics.ts` and with `service` as one more label, and our own. */
export class MetricsPage {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #fleet: Fleet;
  readonly #registry = new Registry();
  /** Summed up once a scrape, for the three metrics made from it. */
  #routes: readonly RouteTotals[] = [];

  constructor(fleet: Fleet, feed: LiveFeed, kept: () => Persistence, now: () => number) {
    this.#fleet = fleet;
    this.#addRequests();
    this.#addFleet(fleet);
    this.#addOwn(fleet, feed, kept, now);
  }

  text(): Promise<string> {
    this.#routes = sumByRoute(this.#fleet);
    return this.#registry.metrics();
  }

  #addRequests(): void {
    const { requestBusy, requestWait, requestActive } = PROMETHEUS_METRICS;
    this.#add(requestBusy, () =>
      this.#routes.flatMap(({ labels, busy }) => histogram(requestBusy, labels, busy.data())),
    );
    this.#add(requestWait, () =>
      this.#routes.flatMap(({ labels, wait }) => histogram(requestWait, labels, wait.data())),
    );
    this.#add(requestActive, () => this.#routes.map(({ labels, active }) => ({ labels, value: active })));
  }

  #addFleet({ metrics, dropped }: Fleet): void {
    const { operations, operationDuration, blockDuration, blockedTime, attributedTime, observerDropped, observerBusy } =
      PROMETHEUS_METRICS;
    this.#add(operations, () =>
      Array.from(metrics.operations.values(), ({ service, route, operation, duration }) => ({
        labels: { service, route, operation },
        value: duration.count,
      })),
    );
    this.#add(operationDuration, () =>
      Array.from(metrics.operations.values()).flatMap(({ service, route, operation, duration }) =>
        histogram(operationDuration, { service, route, operation }, duration.data()),
      ),
    );
    this.#add(blockDuration, () =>
      Array.from(metrics.blocks.values()).flatMap(({ service, route, duration }) =>
        histogram(blockDuration, { service, route }, duration.data()),
      ),
    );
    this.#add(observerDropped, () => Array.from(dropped, ([what, value]) => ({ labels: { what }, value })));
    this.#add(blockedTime, () => [{ labels: {}, value: metrics.blockedSeconds }]);
    this.#add(attributedTime, () => [{ labels: {}, value: metrics.attributedSeconds }]);
    this.#add(observerBusy, () => [{ labels: {}, value: metrics.observerSeconds }]);
  }

  #addOwn(fleet: Fleet, feed: LiveFeed, kept: () => Persistence, now: () => number): void {
    const { metrics } = fleet;
    const own = (name: string, type: 'counter' | 'gauge', help: string, read: () => Sample[]): void =>
      this.#add({ name: `holdup_collector_${name}`, help, type, labels: [] }, read);
    const one = (value: number): Sample[] => [{ labels: {}, value }];

    own('info', 'gauge', 'Version of the collector.', () => [{ labels: { version: VERSION }, value: 1 }]);
    own('reports_total', 'counter', 'Reports received and counted.', () => one(metrics.reports));
    own('incident_batches_total', 'counter', 'Batches of incidents received and counted.', () => one(metrics.batches));
    own('duplicates_total', 'counter', 'Reports and batches that came twice and were counted once.', () =>
      one(metrics.duplicates),
    );
    own('ignored_total', 'counter', 'OpenTelemetry data that is none of Holdup and was left aside.', () => [
      { labels: { what: 'data points' }, value: metrics.ignoredPoints },
      { labels: { what: 'log records' }, value: metrics.ignoredRecords },
    ]);
    own('refused_total', 'counter', 'Ingest requests answered with an error, by HTTP status.', () =>
      Array.from(metrics.refused, ([status, value]) => ({ labels: { status: String(status) }, value })),
    );
    own('instances', 'gauge', 'Watched processes by state.', () =>
      Object.entries(fleet.instances.counts(now())).map(([state, value]) => ({ labels: { state }, value })),
    );
    own('incident_groups', 'gauge', 'Incident groups kept.', () => one(fleet.incidents.size));
    own('live_clients', 'gauge', 'Pages connected to the live feed.', () => one(feed.clients));
    own('store_up', 'gauge', '1 while the store takes what is to be saved, 0 while it fails.', () =>
      one(kept().failure === '' ? 1 : 0),
    );
    own('store_failures_total', 'counter', 'Times the store began to fail.', () => one(kept().failures));
    own('store_saved_timestamp_seconds', 'gauge', 'When everything was last saved, in seconds since 1970.', () =>
      one(kept().savedAt / 1000),
    );
    own('store_size_bytes', 'gauge', 'Size of the store, as of the last minute.', () => one(kept().sizeBytes));
  }

  /** prom-client asks a registered metric for nothing but its name and its values; ours come from the fleet. */
  #add({ name, help, type }: PrometheusMetric, read: () => Sample[]): void {
    const metric = { name, get: async () => ({ name, help, type, aggregator: 'sum', values: read() }) };
    this.#registry.registerMetric(metric as unknown as Parameters<Registry['registerMetric']>[0]);
  }
}

interface RouteTotals {
  readonly labels: Labels;
  active: number;
  readonly busy: Histogram;
  readonly wait: Histogram;
}

/** Handlers of the same route are one series. */
function sumByRoute(fleet: Fleet): RouteTotals[] {
  const routes = new Map<string, RouteTotals>();
  for (const { service, view, active, busy, wait } of fleet.views.all()) {
    let { method, route } = view;
    let key = `${service}\n${method}\n${route}`;
    if (!routes.has(key) && routes.size >= ROUTES_WITH_SERIES) {
      method = '';
      route = OTHER_ROUTE;
      key = `${service}\n\n${OTHER_ROUTE}`;
    }
    let totals = routes.get(key);
    if (totals === undefined) {
      totals = { labels: { service, method, route }, active: 0, busy: new Histogram(), wait: new Histogram() };
      routes.set(key, totals);
    }
    totals.active += active;
    totals.busy.merge(busy.data());
    totals.wait.merge(wait.data());
  }
  return [...routes.values()];
}

function histogram({ name }: PrometheusMetric, labels: Labels, data: HistogramData): Sample[] {
  const { from, to } = PROMETHEUS_BUCKET_EXPONENTS;
  const samples: Sample[] = powerOfTwoBuckets(data, from, to).map(({ le, count }) => ({
    metricName: `${name}_bucket`,
    labels: { ...labels, le: String(le) },
    value: count,
  }));
  samples.push({ metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: data.count });
  samples.push({ metricName: `${name}_sum`, labels, value: data.sum });
  samples.push({ metricName: `${name}_count`, labels, value: data.count });
  return samples;
}
