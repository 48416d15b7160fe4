import {
  Histogram,
  OTHER_ROUTE,
  PROMETHEUS_METRICS,
  type PrometheusMetric,
  type PrometheusType,
} from '../protocol/index.js';
import type { Fleet } from './fleet.js';
import type { LiveFeed } from './live-feed.js';
import type { Persistence } from './persistence.js';
import { inPieces } from './pieces.js';
import { headText, histogramText, type Labels, PROMETHEUS_CONTENT_TYPE, sampleText } from './prometheus-text.js';
import { VERSION } from './version.js';

/** Routes with series of their own; the rest of a service is summed up as `(other)`, so that a scrape stays small. */
const ROUTES_WITH_SERIES = 1000;

/** The fleet's metrics, by the names of `protocol/metrics.ts` and with `service` as one more label, and our own. */
export class MetricsPage {
  readonly contentType = PROMETHEUS_CONTENT_TYPE;
  readonly #fleet: Fleet;
  readonly #feed: LiveFeed;
  readonly #kept: () => Persistence;
  readonly #now: () => number;

  constructor(fleet: Fleet, feed: LiveFeed, kept: () => Persistence, now: () => number) {
    this.#fleet = fleet;
    this.#feed = feed;
    this.#kept = kept;
    this.#now = now;
  }

  /** Made piece by piece: a page of megabytes never holds up the reports. */
  async text(): Promise<string> {
    return (await inPieces(this.#parts())).join('');
  }

  *#parts(): Generator<string> {
    const routes = yield* sumByRoute(this.#fleet);
    const { requestBusy, requestWait, requestActive } = PROMETHEUS_METRICS;
    yield headText(requestBusy);
    for (const { labels, busy } of routes) yield histogramText(requestBusy.name, labels, busy);
    yield headText(requestWait);
    for (const { labels, wait } of routes) yield histogramText(requestWait.name, labels, wait);
    yield headText(requestActive);
    for (const { labels, active } of routes) yield sampleText(requestActive.name, labels, active);
    yield* this.#operations();
    yield* this.#blocks();
    yield* this.#observer();
    yield* this.#own();
  }

  *#operations(): Generator<string> {
    const { operations, operationDuration } = PROMETHEUS_METRICS;
    const all = Array.from(this.#fleet.metrics.operations.values(), ({ service, route, operation, duration }) => ({
      labels: { service, route, operation },
      duration,
    }));
    yield headText(operations);
    for (const { labels, duration } of all) yield sampleText(operations.name, labels, duration.count);
    yield headText(operationDuration);
    for (const { labels, duration } of all) yield histogramText(operationDuration.name, labels, duration);
  }

  *#blocks(): Generator<string> {
    const { name } = PROMETHEUS_METRICS.blockDuration;
    yield headText(PROMETHEUS_METRICS.blockDuration);
    for (const { service, route, duration } of [...this.#fleet.metrics.blocks.values()]) {
      yield histogramText(name, { service, route }, duration);
    }
  }

  *#observer(): Generator<string> {
    const { metrics, losses } = this.#fleet;
    const { blockedTime, attributedTime, observerDropped, observerBusy } = PROMETHEUS_METRICS;
    yield family(
      observerDropped,
      Array.from(losses.all(), ([what, value]) => [{ what }, value]),
    );
    yield family(blockedTime, [[{}, metrics.blockedSeconds]]);
    yield family(attributedTime, [[{}, metrics.attributedSeconds]]);
    yield family(observerBusy, [[{}, metrics.observerSeconds]]);
  }

  *#own(): Generator<string> {
    const { metrics, instances, incidents } = this.#fleet;
    const own = (name: string, type: PrometheusType, help: string, samples: readonly Sample[]): string =>
      family({ name: `holdup_collector_${name}`, help, type }, samples);
    const counts = Object.entries(instances.counts(this.#now()));

    yield own('info', 'gauge', 'Version of the collector.', [[{ version: VERSION }, 1]]);
    yield own('reports_total', 'counter', 'Reports received and counted.', [[{}, metrics.reports]]);
    yield own('incident_batches_total', 'counter', 'Batches of incidents received and counted.', [
      [{}, metrics.batches],
    ]);
    yield own('duplicates_total', 'counter', 'Reports and batches that came twice and were counted once.', [
      [{}, metrics.duplicates],
    ]);
    yield own('ignored_total', 'counter', 'OpenTelemetry data that is none of Holdup and was left aside.', [
      [{ what: 'data points' }, metrics.ignoredPoints],
      [{ what: 'log records' }, metrics.ignoredRecords],
    ]);
    yield own(
      'refused_total',
      'counter',
      'Ingest requests answered with an error, by HTTP status.',
      Array.from(metrics.refused, ([status, value]) => [{ status: String(status) }, value]),
    );
    yield own(
      'instances',
      'gauge',
      'Watched processes by state.',
      counts.map(([state, value]) => [{ state }, value]),
    );
    yield own('incident_groups', 'gauge', 'Incident groups kept.', [[{}, incidents.size]]);
    const { failure, failures, savedAt, sizeBytes } = this.#kept();
    yield own('store_up', 'gauge', '1 while the store takes what is to be saved, 0 while it fails.', [
      [{}, failure === '' ? 1 : 0],
    ]);
    yield own('store_failures_total', 'counter', 'Times the store began to fail.', [[{}, failures]]);
    yield own('store_saved_timestamp_seconds', 'gauge', 'When everything was last saved, in seconds since 1970.', [
      [{}, savedAt / 1000],
    ]);
    yield own('store_size_bytes', 'gauge', 'Size of the store, as of the last minute.', [[{}, sizeBytes]]);
    yield own('live_clients', 'gauge', 'Pages connected to the live feed.', [[{}, this.#feed.clients]]);
  }
}

type Sample = readonly [Labels, number];

/** A metric that is no histogram. */
function family(metric: Omit<PrometheusMetric, 'labels'>, samples: readonly Sample[]): string {
  return headText(metric) + samples.map(([labels, value]) => sampleText(metric.name, labels, value)).join('');
}

interface RouteTotals {
  readonly labels: Labels;
  active: number;
  readonly busy: Histogram;
  readonly wait: Histogram;
}

/** Handlers of the same route are one series. Adds nothing to the page, but may stop after each view. */
function* sumByRoute(fleet: Fleet): Generator<string, readonly RouteTotals[]> {
  const routes = new Map<string, RouteTotals>();
  for (const { service, view, active, busy, wait } of [...fleet.views.all()]) {
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
    totals.busy.merge(busy);
    totals.wait.merge(wait);
    yield '';
  }
  return [...routes.values()];
}
