import { EMPTY_HISTOGRAM, type HistogramData, MAX_SCALE, MIN_SCALE } from './histogram.js';
import type { Cause } from './incident.js';
import { fromResource } from './instance-resource.js';
import { METRICS } from './metrics.js';
import {
  type ExponentialHistogramDataPoint,
  type ExportMetricsRequest,
  GOODBYE_ATTRIBUTE,
  type KeyValue,
  type Metric,
  type NumberDataPoint,
  SCOPE_NAME,
  type ScopeMetrics,
  SEQUENCE_ATTRIBUTE,
} from './otlp.js';
import { type Attributes, fromKeyValues, fromNanos, listOf, number, objectsOf, text } from './otlp-value.js';
import type { BlockReport, DroppedCount, GcReport, Instance, OperationReport, Report, ViewReport } from './report.js';
import type { View } from './view.js';

/** What a body of `POST /v1/metrics` held that is ours, and how many data points were somebody else's. */
export interface ReadMetrics {
  readonly reports: readonly Report[];
  /** Data points that are valid OTLP but none of Holdup's; accepted and left aside. */
  readonly ignoredPoints: number;
}

/** The inverse of `toOtlpMetrics`, over every resource and scope in the request. */
export function fromOtlpMetrics(request: ExportMetricsRequest): ReadMetrics {
  const reports: Report[] = [];
  let ignoredPoints = 0;
  for (const { resource, scopeMetrics } of objectsOf(request?.resourceMetrics)) {
    const instance = fromResource(resource);
    for (const scoped of objectsOf(scopeMetrics)) {
      if (instance !== null && scoped.scope?.name === SCOPE_NAME) {
        const reader = new ReportReader(instance, scoped);
        reports.push(reader.report());
        ignoredPoints += reader.ignoredPoints;
      } else {
        for (const metric of objectsOf(scoped.metrics)) ignoredPoints += pointsOf(metric).length;
      }
    }
  }
  return { reports, ignoredPoints };
}

/** Builds one report from the metrics of one scope. */
class ReportReader {
  ignoredPoints = 0;
  readonly #instance: Instance;
  readonly #scoped: ScopeMetrics;
  readonly #views = new Map<string, Mutable<ViewReport>>();
  #startMs = 0;
  #endMs = 0;

  constructor(instance: Instance, scoped: ScopeMetrics) {
    this.#instance = instance;
    this.#scoped = scoped;
  }

  report(): Report {
    const loop = {
      delay: EMPTY_HISTOGRAM,
      utilization: 0,
      activeSeconds: 0,
      idleSeconds: 0,
      blockedSeconds: 0,
      attributedSeconds: 0,
      blocked: null as Report['loop']['blocked'],
    };
    const gc: GcReport[] = [];
    const memory = { rssBytes: 0, heapUsedBytes: 0 };
    const observer = { busySeconds: 0, samplingRatio: 0 };
    const dropped: DroppedCount[] = [];

    for (const metric of objectsOf(this.#scoped.metrics)) {
      if (!isIncrement(metric)) {
        this.ignoredPoints += pointsOf(metric).length;
        continue;
      }
      for (const point of pointsOf(metric)) {
        const attributes = attributesOf(point.attributes);
        const value = number((point as NumberDataPoint).asDouble ?? (point as NumberDataPoint).asInt);
        const histogram = (): HistogramData => fromHistogramPoint(point as ExponentialHistogramDataPoint);
        this.#startMs ||= fromNanos(point.startTimeUnixNano);
        this.#endMs ||= fromNanos(point.timeUnixNano);
        switch (metric.name) {
          case METRICS.requestActive.name:
            this.#view(attributes).active = value;
            break;
          case METRICS.requestActivePeak.name:
            this.#view(attributes).activePeak = value;
            break;
          case METRICS.requestDuration.name:
            this.#view(attributes).duration = histogram();
            break;
          case METRICS.requestBusy.name:
            this.#view(attributes).busy = histogram();
            break;
          case METRICS.requestWait.name:
            this.#view(attributes).wait = histogram();
            break;
          case METRICS.operationDuration.name:
            (this.#view(attributes).operations as OperationReport[]).push({
              operation: text(attributes['holdup.operation']),
              duration: histogram(),
            });
            break;
          case METRICS.blockDuration.name:
            (this.#view(attributes).blocks as BlockReport[]).push({
              cause: toCause(attributes['holdup.block.cause']),
              duration: histogram(),
            });
            break;
          case METRICS.loopDelay.name:
            loop.delay = histogram();
            break;
          case METRICS.loopUtilization.name:
            loop.utilization = value;
            break;
          case METRICS.loopTime.name:
            if (attributes['nodejs.eventloop.state'] === 'active') loop.activeSeconds = value;
            else loop.idleSeconds = value;
            break;
          case METRICS.blockedTime.name:
            loop.blockedSeconds = value;
            break;
          case METRICS.attributedTime.name:
            loop.attributedSeconds = value;
            break;
          case METRICS.blocked.name:
            loop.blocked = {
              forSeconds: value,
              view: attributes['http.route'] === undefined ? null : toView(attributes),
            };
            break;
          case METRICS.gcDuration.name:
            gc.push({ type: text(attributes['v8js.gc.type']), duration: histogram() });
            break;
          case METRICS.rss.name:
            memory.rssBytes = value;
            break;
          case METRICS.heapUsed.name:
            memory.heapUsedBytes = value;
            break;
          case METRICS.observerBusy.name:
            observer.busySeconds = value;
            break;
          case METRICS.observerSampling.name:
            observer.samplingRatio = value;
            break;
          case METRICS.observerDropped.name:
            dropped.push({ what: text(attributes.what), count: value });
            break;
          default:
            this.ignoredPoints++;
        }
      }
    }
    const scopeAttributes = fromKeyValues(this.#scoped.scope?.attributes);
    return {
      instance: this.#instance,
      sequence: number(scopeAttributes[SEQUENCE_ATTRIBUTE]),
      ...(scopeAttributes[GOODBYE_ATTRIBUTE] === true ? { goodbye: true as const } : {}),
      startMs: this.#startMs,
      endMs: this.#endMs,
      views: [...this.#views.values()],
      loop,
      gc,
      memory,
      observer,
      dropped,
    };
  }

  #view(attributes: Attributes): Mutable<ViewReport> {
    const view = toView(attributes);
    const key = `${view.method}\n${view.route}\n${view.handler}\n${view.kind}`;
    let report = this.#views.get(key);
    if (report === undefined) {
      report = {
        view,
        active: 0,
        activePeak: 0,
        duration: EMPTY_HISTOGRAM,
        busy: EMPTY_HISTOGRAM,
        wait: EMPTY_HISTOGRAM,
        operations: [],
        blocks: [],
      };
      this.#views.set(key, report);
    }
    return report;
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function toView(attributes: Attributes): View {
  return {
    method: text(attributes['http.request.method']),
    route: text(attributes['http.route']),
    handler: text(attributes['code.function.name']),
    kind: attributes['holdup.view.kind'] === 'async' ? 'async' : 'sync',
  };
}

function toCause(value: unknown): Cause {
  return value === 'gc' || value === 'host' ? value : 'code';
}

/**
 * A reader that finds the same attributes again, second after second, hands over the same list; then what they say
 * need not be worked out again. A list that is garbage takes its entry with it.
 */
const readAttributes = new WeakMap<readonly KeyValue[], Attributes>();

function attributesOf(pairs: readonly KeyValue[] | undefined): Attributes {
  if (pairs === undefined || !Object.isFrozen(pairs)) return fromKeyValues(pairs);
  let attributes = readAttributes.get(pairs);
  if (attributes === undefined) {
    attributes = fromKeyValues(pairs);
    readAttributes.set(pairs, attributes);
  }
  return attributes;
}

/** What was made cumulative on its way would be counted again and again. Explicit buckets are none of ours. */
function isIncrement(metric: Metric): boolean {
  const temporality = (metric.sum ?? metric.exponentialHistogram)?.aggregationTemporality;
  const isCumulative = temporality === 2 || temporality === 'AGGREGATION_TEMPORALITY_CUMULATIVE';
  return !isCumulative && metric.histogram === undefined && metric.summary === undefined;
}

function pointsOf(metric: Metric): readonly (NumberDataPoint | ExponentialHistogramDataPoint)[] {
  return objectsOf<NumberDataPoint | ExponentialHistogramDataPoint>(
    (metric.gauge ?? metric.sum ?? metric.exponentialHistogram ?? metric.histogram ?? metric.summary)?.dataPoints,
  );
}

function fromHistogramPoint(point: ExponentialHistogramDataPoint): HistogramData {
  const data = {
    scale: number(point.scale),
    count: number(point.count),
    sum: number(point.sum),
    min: number(point.min),
    max: number(point.max),
    zeroCount: number(point.zeroCount),
    offset: number(point.positive?.offset),
    counts: listOf(point.positive?.bucketCounts).map(number),
  };
  return isPossible(data) ? data : EMPTY_HISTOGRAM;
}

/**
 * Could recording values have made this? Whoever merges it trusts that its buckets lie within the range of a double,
 * which spans the exponents from -1074 to 1024: else two buckets far apart would cost memory for all between them.
 */
function isPossible({ scale, count, zeroCount, offset, counts }: HistogramData): boolean {
  if (!Number.isInteger(scale) || scale < MIN_SCALE || scale > MAX_SCALE) return false;
  const perOctave = 2 ** scale;
  const first = Math.floor(-1074 * perOctave) - 1;
  const last = Math.ceil(1024 * perOctave);
  if (!Number.isInteger(offset) || offset < first || offset + counts.length - 1 > last) return false;
  return count >= 0 && zeroCount >= 0 && counts.every((each) => each >= 0);
}
