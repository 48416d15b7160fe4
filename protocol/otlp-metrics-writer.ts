import type { HistogramData } from './histogram.js';
import { toResource } from './instance-resource.js';
import { METRICS } from './metrics.js';
import {
  type ExponentialHistogramDataPoint,
  type ExportMetricsRequest,
  GOODBYE_ATTRIBUTE,
  type Metric,
  type NumberDataPoint,
  SCOPE_NAME,
  SEQUENCE_ATTRIBUTE,
} from './otlp.js';
import { toKeyValues, toNanos } from './otlp-value.js';
import type { Report } from './report.js';
import type { View } from './view.js';

const DELTA = 1;

/** A report as the body of `POST /v1/metrics`. */
export function toOtlpMetrics(report: Report): ExportMetricsRequest {
  const time = { startTimeUnixNano: toNanos(report.startMs), timeUnixNano: toNanos(report.endMs) };
  const metrics: Metric[] = [];

  const histogram = (metric: { name: string; unit: string }, points: [object, HistogramData][]): void => {
    const filled = points.filter(([, data]) => data.count > 0);
    if (filled.length === 0) return;
    const dataPoints = filled.map(([attributes, data]) => toHistogramPoint(attributes, data, time));
    metrics.push({ ...metric, exponentialHistogram: { dataPoints, aggregationTemporality: DELTA } });
  };
  const toPoints = (points: [object, number][]): NumberDataPoint[] =>
    points.map(([attributes, asDouble]) => ({ attributes: toKeyValues(attributes), ...time, asDouble }));
  const gauge = (metric: { name: string; unit: string }, points: [object, number][]): void => {
    if (points.length > 0) metrics.push({ ...metric, gauge: { dataPoints: toPoints(points) } });
  };
  const sum = (metric: { name: string; unit: string }, points: [object, number][]): void => {
    if (points.length === 0) return;
    metrics.push({
      ...metric,
      sum: { dataPoints: toPoints(points), aggregationTemporality: DELTA, isMonotonic: true },
    });
  };

  const views = report.views.map((view) => ({ ...view, attributes: viewAttributes(view.view) }));
  // The gauges come first: they are there for every view, so they carry the list of views and its order.
  gauge(
    METRICS.requestActive,
    views.map((view) => [view.attributes, view.active]),
  );
  gauge(
    METRICS.requestActivePeak,
    views.map((view) => [view.attributes, view.activePeak]),
  );
  histogram(
    METRICS.requestDuration,
    views.map((view) => [view.attributes, view.duration]),
  );
  histogram(
    METRICS.requestBusy,
    views.map((view) => [view.attributes, view.busy]),
  );
  histogram(
    METRICS.requestWait,
    views.map((view) => [view.attributes, view.wait]),
  );
  histogram(
    METRICS.operationDuration,
    views.flatMap((view) =>
      view.operations.map((each): [object, HistogramData] => [
        { ...view.attributes, 'holdup.operation': each.operation },
        each.duration,
      ]),
    ),
  );
  histogram(
    METRICS.blockDuration,
    views.flatMap((view) =>
      view.blocks.map((each): [object, HistogramData] => [
        { ...view.attributes, 'holdup.block.cause': each.cause },
        each.duration,
      ]),
    ),
  );

  const { loop } = report;
  histogram(METRICS.loopDelay, [[{}, loop.delay]]);
  gauge(METRICS.loopUtilization, [[{}, loop.utilization]]);
  sum(METRICS.loopTime, [
    [{ 'nodejs.eventloop.state': 'active' }, loop.activeSeconds],
    [{ 'nodejs.eventloop.state': 'idle' }, loop.idleSeconds],
  ]);
  sum(METRICS.blockedTime, [[{}, loop.blockedSeconds]]);
  sum(METRICS.attributedTime, [[{}, loop.attributedSeconds]]);
  if (loop.blocked !== null) {
    const attributes = loop.blocked.view === null ? {} : viewAttributes(loop.blocked.view);
    gauge(METRICS.blocked, [[attributes, loop.blocked.forSeconds]]);
  }
  histogram(
    METRICS.gcDuration,
    report.gc.map((each) => [{ 'v8js.gc.type': each.type }, each.duration]),
  );
  gauge(METRICS.rss, [[{}, report.memory.rssBytes]]);
  gauge(METRICS.heapUsed, [[{}, report.memory.heapUsedBytes]]);
  sum(METRICS.observerBusy, [[{}, report.observer.busySeconds]]);
  gauge(METRICS.observerSampling, [[{}, report.observer.samplingRatio]]);
  sum(
    METRICS.observerDropped,
    report.dropped.map((each) => [{ what: each.what }, each.count]),
  );

  const scope = {
    name: SCOPE_NAME,
    attributes: toKeyValues({ [SEQUENCE_ATTRIBUTE]: report.sequence, [GOODBYE_ATTRIBUTE]: report.goodbye }),
  };
  return { resourceMetrics: [{ resource: toResource(report.instance), scopeMetrics: [{ scope, metrics }] }] };
}

function viewAttributes(view: View): object {
  return {
    'http.request.method': view.method,
    'http.route': view.route,
    'code.function.name': view.handler,
    'holdup.view.kind': view.kind,
  };
}

function toHistogramPoint(
  attributes: object,
  data: HistogramData,
  time: { startTimeUnixNano: string; timeUnixNano: string },
): ExponentialHistogramDataPoint {
  return {
    attributes: toKeyValues(attributes),
    ...time,
    count: String(data.count),
    sum: data.sum,
    min: data.min,
    max: data.max,
    scale: data.scale,
    zeroCount: String(data.zeroCount),
    positive: { offset: data.offset, bucketCounts: data.counts.map(String) },
  };
}
