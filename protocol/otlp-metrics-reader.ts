import type { HistogramData } from './histogram.js';
import { fromResource } from './instance-resource.js';
import {
  type ExponentialHistogramDataPoint,
  type ExportMetricsRequest,
  type Metric,
  type NumberDataPoint,
  SCOPE_NAME,
} from './otlp.js';
import { fromKeyValues, fromNanos, listOf, number, objectsOf } from './otlp-value.js';
import { metricKeyOf, toLabels } from './point-labels.js';
import type { Report } from './report.js';
import { ReportBuilder } from './report-builder.js';

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
    for (const { scope, metrics } of objectsOf(scopeMetrics)) {
      const isOurs = instance !== null && scope?.name === SCOPE_NAME;
      const builder = isOurs ? new ReportBuilder(instance, scope) : null;
      for (const metric of objectsOf(metrics)) ignoredPoints += readMetric(metric, builder);
      if (builder !== null) reports.push(builder.report());
    }
  }
  return { reports, ignoredPoints };
}

/** Answers how many points it left aside. */
function readMetric(metric: Metric, builder: ReportBuilder | null): number {
  const { gauge, sum, exponentialHistogram, histogram, summary } = metric;
  const key = metricKeyOf(metric.name);
  if (builder === null || key === undefined || !isIncrement(metric)) {
    return pointsOf(gauge ?? sum ?? exponentialHistogram ?? histogram ?? summary).length;
  }
  let ignored = 0;
  for (const point of pointsOf<NumberDataPoint>(gauge ?? sum)) {
    const value = number(point.asDouble ?? point.asInt);
    readTimes(point, builder);
    if (!builder.value(key, toLabels(fromKeyValues(point.attributes)), value)) ignored++;
  }
  for (const point of pointsOf<ExponentialHistogramDataPoint>(exponentialHistogram)) {
    readTimes(point, builder);
    if (!builder.histogram(key, toLabels(fromKeyValues(point.attributes)), toHistogram(point))) ignored++;
  }
  return ignored;
}

/** What was made cumulative on its way would be counted again and again. Explicit buckets are none of ours. */
function isIncrement({ sum, exponentialHistogram, histogram, summary }: Metric): boolean {
  const temporality = (sum ?? exponentialHistogram)?.aggregationTemporality;
  const isCumulative = temporality === 2 || temporality === 'AGGREGATION_TEMPORALITY_CUMULATIVE';
  return !isCumulative && histogram === undefined && summary === undefined;
}

function pointsOf<T extends object>(data: { readonly dataPoints?: readonly T[] } | undefined): readonly T[] {
  return objectsOf(data?.dataPoints);
}

function readTimes(point: NumberDataPoint, builder: ReportBuilder): void {
  builder.startMs ||= fromNanos(point.startTimeUnixNano);
  builder.endMs ||= fromNanos(point.timeUnixNano);
}

function toHistogram(point: ExponentialHistogramDataPoint): HistogramData {
  return {
    scale: number(point.scale),
    count: number(point.count),
    sum: number(point.sum),
    min: number(point.min),
    max: number(point.max),
    zeroCount: number(point.zeroCount),
    offset: number(point.positive?.offset),
    counts: listOf(point.positive?.bucketCounts).map(number),
  };
}
