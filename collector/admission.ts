import {
  EMPTY_HISTOGRAM,
  type HistogramData,
  type IncidentBatch,
  type IncidentDelta,
  type IncidentSample,
  type Instance,
  LIMITS,
  type Report,
  type Site,
  type View,
} from '../protocol/index.js';

/** Makes what a stranger sent safe to merge: lengths clipped, numbers finite and not negative, lists bounded. */

const NAME_LENGTH = 300;
const PATH_LENGTH = 1000;
const TEXT_LENGTH = 2000;
const STACK_FRAMES = 60;
const FRAME_LINES = 40;
const OPERATIONS_PER_VIEW = 200;
const MAX_BUCKETS = 1000;
/** Powers of two that a double can hold reach from 2^-1074 to 2^1024; no honest bucket lies outside. */
const MAX_EXPONENT = 1100;

/** The report, and how many histograms were left out of it because their parts contradict one another. */
export function admitReport(report: Report): { readonly report: Report; readonly lostHistograms: number } {
  const { loop } = report;
  let lostHistograms = 0;
  const admit = (data: HistogramData): HistogramData => {
    const admitted = admitHistogram(data);
    if (admitted.count === 0 && data.count !== 0) lostHistograms++;
    return admitted;
  };
  const admitted: Report = {
    ...report,
    instance: admitInstance(report.instance),
    views: report.views.map((each) => ({
      view: admitView(each.view),
      active: positive(each.active),
      activePeak: Math.max(positive(each.activePeak), positive(each.active)),
      duration: admit(each.duration),
      busy: admit(each.busy),
      wait: admit(each.wait),
      operations: each.operations.slice(0, OPERATIONS_PER_VIEW).map((operation) => ({
        operation: clip(operation.operation, NAME_LENGTH),
        duration: admit(operation.duration),
      })),
      blocks: each.blocks.slice(0, 3).map((block) => ({ ...block, duration: admit(block.duration) })),
    })),
    loop: {
      delay: admit(loop.delay),
      utilization: Math.min(1, positive(loop.utilization)),
      activeSeconds: positive(loop.activeSeconds),
      idleSeconds: positive(loop.idleSeconds),
      blockedSeconds: positive(loop.blockedSeconds),
      attributedSeconds: positive(loop.attributedSeconds),
      blocked:
        loop.blocked === null
          ? null
          : {
              forSeconds: positive(loop.blocked.forSeconds),
              view: loop.blocked.view === null ? null : admitView(loop.blocked.view),
            },
    },
    memory: {
      rssBytes: positive(report.memory.rssBytes),
      heapUsedBytes: positive(report.memory.heapUsedBytes),
    },
    observer: { ...report.observer, busySeconds: positive(report.observer.busySeconds) },
    dropped: report.dropped
      .slice(0, 50)
      .map((each) => ({ what: clip(each.what, 60) || 'unnamed', count: positive(each.count) })),
  };
  return { report: admitted, lostHistograms };
}

export function admitBatch(batch: IncidentBatch): IncidentBatch {
  return { ...batch, instance: admitInstance(batch.instance), incidents: batch.incidents.map(admitIncident) };
}

function admitIncident(incident: IncidentDelta): IncidentDelta {
  return {
    fingerprint: clip(incident.fingerprint, NAME_LENGTH),
    kind: incident.kind,
    operation: clip(incident.operation, NAME_LENGTH),
    category: (clip(incident.category, 40) || 'code') as IncidentDelta['category'],
    cause: incident.cause === 'gc' || incident.cause === 'host' ? incident.cause : 'code',
    view: admitView(incident.view),
    site: admitSite(incident.site),
    owner: clip(incident.owner, NAME_LENGTH),
    alternative: clip(incident.alternative, TEXT_LENGTH),
    allowed: clip(incident.allowed, TEXT_LENGTH),
    count: positive(incident.count),
    coldCount: positive(incident.coldCount),
    thrownCount: positive(incident.thrownCount),
    totalMs: positive(incident.totalMs),
    maxMs: positive(incident.maxMs),
    delayedRequests: positive(incident.delayedRequests),
    delayedMs: positive(incident.delayedMs),
    lastSeen: positive(incident.lastSeen),
    samples: incident.samples.slice(0, LIMITS.samplesPerGroup).map(admitSample),
    blocks: incident.blocks
      .slice(0, LIMITS.blocksPerReport)
      .map((block) => ({ at: positive(block.at), durationMs: positive(block.durationMs) })),
    codeFrame:
      incident.codeFrame === null
        ? null
        : {
            startLine: positive(incident.codeFrame.startLine),
            lines: incident.codeFrame.lines.slice(0, FRAME_LINES).map((line) => clip(line, NAME_LENGTH)),
          },
  };
}

function admitSample(sample: IncidentSample): IncidentSample {
  return {
    at: positive(sample.at),
    durationMs: positive(sample.durationMs),
    stack: sample.stack.slice(0, STACK_FRAMES).map((frame) => ({ ...admitSite(frame), inApp: frame.inApp })),
    delayed: sample.delayed.slice(0, LIMITS.delayedPerSample).map((each) => ({
      method: clip(each.method, 20),
      route: clip(each.route, NAME_LENGTH),
      delayedMs: positive(each.delayedMs),
      startOffsetMs: each.startOffsetMs,
    })),
    traceId: clip(sample.traceId, 64),
  };
}

function admitInstance(instance: Instance): Instance {
  return {
    id: clip(instance.id, NAME_LENGTH),
    service: clip(instance.service, NAME_LENGTH) || 'unknown_service',
    serviceVersion: clip(instance.serviceVersion, 100),
    host: clip(instance.host, NAME_LENGTH),
    pid: positive(instance.pid),
    nodeVersion: clip(instance.nodeVersion, 40),
    role: clip(instance.role, 100),
  };
}

function admitView(view: View): View {
  return {
    method: clip(view.method, 20),
    route: clip(view.route, NAME_LENGTH) || '(unknown)',
    handler: clip(view.handler, NAME_LENGTH),
    kind: view.kind,
  };
}

function admitSite(site: Site): Site {
  return {
    function: clip(site.function, NAME_LENGTH),
    file: clip(site.file, PATH_LENGTH),
    line: positive(site.line),
    column: positive(site.column),
  };
}

/** A histogram whose parts contradict one another is left out whole: a wrong sum is worse than a missing one. */
function admitHistogram(data: HistogramData): HistogramData {
  const { scale, offset, counts } = data;
  if (data.count === 0) return EMPTY_HISTOGRAM;
  if (!Number.isInteger(scale) || scale < -10 || scale > 20) return EMPTY_HISTOGRAM;
  if (!Number.isInteger(offset) || counts.length > MAX_BUCKETS) return EMPTY_HISTOGRAM;
  const reach = MAX_EXPONENT * 2 ** scale + 2;
  if (offset < -reach || offset + counts.length > reach) return EMPTY_HISTOGRAM;
  let count = data.zeroCount;
  for (const times of counts) {
    if (!(times >= 0)) return EMPTY_HISTOGRAM;
    count += times;
  }
  if (!(count < Number.MAX_SAFE_INTEGER) || !(data.zeroCount >= 0)) return EMPTY_HISTOGRAM;
  // Not exactly: a value that stands for several may weigh a fraction.
  if (Math.abs(count - data.count) > count * 1e-6) return EMPTY_HISTOGRAM;
  const sum = positive(data.sum);
  // Minimum and maximum are optional in OTLP; without them the bucket's edges bound the values.
  const max = data.max > 0 ? data.max : counts.length === 0 ? 0 : 2 ** ((offset + counts.length) / 2 ** scale);
  return { scale, count, sum, min: Math.min(positive(data.min), max), max, zeroCount: data.zeroCount, offset, counts };
}

function positive(value: number): number {
  return value > 0 && value < Number.MAX_SAFE_INTEGER ? value : 0;
}

function clip(value: string, length: number): string {
  return value.length <= length ? value : `${value.slice(0, length - 1)}…`;
}
