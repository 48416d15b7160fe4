import {
  Histogram,
  type HistogramData,
  PROMETHEUS_BUCKET_EXPONENTS,
  PROMETHEUS_METRICS,
  type PrometheusMetric,
  powerOfTwoBuckets,
  type Report,
  viewName,
} from '../../protocol/index.js';
import type { Output } from './output.js';

/** The part of prom-client's (and @prometheus-io/client's) Registry that Holdup needs. */
export interface PrometheusRegistry {
  registerMetric(metric: never): void;
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly metricName?: string;
}

/**
 * Holdup's metrics in the app's own registry. They are cumulative, as Prometheus wants them: every report is added up
 * here, and a scrape reads sums that are ready.
 */
export class PrometheusOutput implements Output {
  readonly #busy = new Family(PROMETHEUS_METRICS.requestBusy);
  readonly #wait = new Family(PROMETHEUS_METRICS.requestWait);
  readonly #operationDuration = new Family(PROMETHEUS_METRICS.operationDuration);
  readonly #blockDuration = new Family(PROMETHEUS_METRICS.blockDuration);
  readonly #active = new Family(PROMETHEUS_METRICS.requestActive);
  readonly #operations = new Family(PROMETHEUS_METRICS.operations);
  readonly #blockedTime = new Family(PROMETHEUS_METRICS.blockedTime);
  readonly #attributedTime = new Family(PROMETHEUS_METRICS.attributedTime);
  readonly #dropped = new Family(PROMETHEUS_METRICS.observerDropped);
  readonly #observerBusy = new Family(PROMETHEUS_METRICS.observerBusy);

  constructor(registry: PrometheusRegistry) {
    for (const family of [
      this.#busy,
      this.#wait,
      this.#active,
      this.#operations,
      this.#operationDuration,
      this.#blockDuration,
      this.#blockedTime,
      this.#attributedTime,
      this.#dropped,
      this.#observerBusy,
    ]) {
      registry.registerMetric(family as never);
    }
  }

  runFinished(): void {}

  readonly wantsCalls = false;

  operationCalled(): void {}

  drained(report: Omit<Report, 'instance' | 'sequence'>): void {
    this.#active.clear();
    for (const { view, active, busy, wait, operations, blocks } of report.views) {
      const labels = [view.method, view.route];
      this.#busy.merge(labels, busy);
      this.#wait.merge(labels, wait);
      this.#active.set(labels, active);
      for (const { operation, duration } of operations) {
        this.#operations.add([viewName(view), operation], duration.count);
        this.#operationDuration.merge([viewName(view), operation], duration);
      }
      for (const { duration } of blocks) this.#blockDuration.merge([viewName(view)], duration);
    }
    for (const { what, count } of report.dropped) this.#dropped.add([what], count);
    this.#blockedTime.add([], report.loop.blockedSeconds);
    this.#attributedTime.add([], report.loop.attributedSeconds);
    this.#observerBusy.add([], report.observer.busySeconds);
  }
}

/** One metric with its label sets, in the shape that prom-client's registry reads. */
class Family {
  readonly name: string;
  readonly help: string;
  readonly type: PrometheusMetric['type'];
  readonly aggregator = 'sum';
  readonly #labels: readonly string[];
  readonly #values = new Map<string, { readonly labels: readonly string[]; value: number }>();
  readonly #histograms = new Map<string, { readonly labels: readonly string[]; readonly histogram: Histogram }>();

  constructor(metric: PrometheusMetric) {
    this.name = metric.name;
    this.help = metric.help;
    this.type = metric.type;
    this.#labels = metric.labels;
  }

  add(labels: readonly string[], value: number): void {
    const known = this.#values.get(labels.join('\n'));
    if (known === undefined) this.set(labels, value);
    else known.value += value;
  }

  set(labels: readonly string[], value: number): void {
    this.#values.set(labels.join('\n'), { labels, value });
  }

  merge(labels: readonly string[], data: HistogramData): void {
    let known = this.#histograms.get(labels.join('\n'));
    if (known === undefined) this.#histograms.set(labels.join('\n'), (known = { labels, histogram: new Histogram() }));
    known.histogram.merge(data);
  }

  clear(): void {
    this.#values.clear();
  }

  /** Called by the registry for each scrape. */
  async get(): Promise<object> {
    const values: Sample[] = [];
    for (const { labels, value } of this.#values.values()) values.push({ labels: this.#named(labels), value });
    for (const { labels, histogram } of this.#histograms.values()) this.#pushHistogram(values, labels, histogram);
    return { name: this.name, help: this.help, type: this.type, aggregator: this.aggregator, values };
  }

  /** Called by the registry's `resetMetrics`. */
  reset(): void {
    this.#values.clear();
    this.#histograms.clear();
  }

  #pushHistogram(values: Sample[], labels: readonly string[], histogram: Histogram): void {
    const data = histogram.data();
    const named = this.#named(labels);
    const { from, to } = PROMETHEUS_BUCKET_EXPONENTS;
    for (const { le, count } of powerOfTwoBuckets(data, from, to)) {
      values.push({ labels: { ...named, le: String(le) }, value: count, metricName: `${this.name}_bucket` });
    }
    values.push({ labels: { ...named, le: '+Inf' }, value: data.count, metricName: `${this.name}_bucket` });
    values.push({ labels: named, value: data.sum, metricName: `${this.name}_sum` });
    values.push({ labels: named, value: data.count, metricName: `${this.name}_count` });
  }

  #named(labels: readonly string[]): Record<string, string> {
    return Object.fromEntries(this.#labels.map((name, i) => [name, labels[i] ?? '']));
  }
}
