import {
  type IncidentBatch,
  type IncidentDelta,
  type IncidentSample,
  type Instance,
  LIMITS,
  type LoopReport,
  type Report,
  type Site,
  type View,
  type ViewReport,
} from '../protocol/index.js';

/** Makes what a stranger sent safe to merge: lengths clipped, numbers finite and not negative, lists bounded. */

const NAME_LENGTH = 300;
const METHOD_LENGTH = 20;
const PATH_LENGTH = 1000;
const TEXT_LENGTH = 2000;
const STACK_FRAMES = 60;
const FRAME_LINES = 15;
/** Ours have 20 characters. Each process's are remembered. */
const FINGERPRINT_LENGTH = 64;
const OPERATIONS_PER_VIEW = 200;
const MAX_IN_FLIGHT = 1e9;

/** Histograms are sound already: their reader left out, and counted, those that cannot be. */
export function admitReport(report: Report): Report {
  // Each field by itself: an object that is spread into another is copied several times as slowly.
  const admitted: Report = {
    instance: admitInstance(report.instance),
    sequence: report.sequence,
    startMs: report.startMs,
    endMs: report.endMs,
    views: report.views.map(admitViewReport),
    loop: admitLoop(report.loop),
    gc: report.gc,
    memory: {
      rssBytes: positive(report.memory.rssBytes),
      heapUsedBytes: positive(report.memory.heapUsedBytes),
    },
    observer: {
      busySeconds: positive(report.observer.busySeconds),
      samplingRatio: report.observer.samplingRatio,
    },
    dropped: report.dropped
      .slice(0, 50)
      .map((each) => ({ what: clip(each.what, 60) || 'unnamed', count: positive(each.count) })),
  };
  return report.goodbye === true ? { ...admitted, goodbye: true } : admitted;
}

function admitViewReport(report: ViewReport): ViewReport {
  const active = inFlight(report.active);
  return {
    view: admitView(report.view),
    active,
    activePeak: Math.max(inFlight(report.activePeak), active),
    duration: report.duration,
    busy: report.busy,
    wait: report.wait,
    operations: report.operations.slice(0, OPERATIONS_PER_VIEW).map((each) => ({
      operation: clip(each.operation, NAME_LENGTH),
      duration: each.duration,
    })),
    blocks: report.blocks.slice(0, 3),
  };
}

function admitLoop(loop: LoopReport): LoopReport {
  const { blocked } = loop;
  return {
    delay: loop.delay,
    utilization: Math.min(1, positive(loop.utilization)),
    activeSeconds: positive(loop.activeSeconds),
    idleSeconds: positive(loop.idleSeconds),
    blockedSeconds: positive(loop.blockedSeconds),
    attributedSeconds: positive(loop.attributedSeconds),
    blocked:
      blocked === null
        ? null
        : { forSeconds: positive(blocked.forSeconds), view: blocked.view === null ? null : admitView(blocked.view) },
  };
}

export function admitBatch(batch: IncidentBatch): IncidentBatch {
  return { ...batch, instance: admitInstance(batch.instance), incidents: batch.incidents.map(admitIncident) };
}

function admitIncident(incident: IncidentDelta): IncidentDelta {
  return {
    fingerprint: clip(incident.fingerprint, FINGERPRINT_LENGTH),
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
      method: clip(each.method, METHOD_LENGTH),
      route: clip(each.route, NAME_LENGTH),
      delayedMs: positive(each.delayedMs),
      startOffsetMs: each.startOffsetMs,
    })),
    traceId: clip(sample.traceId, 64),
    ...(sample.note === undefined ? {} : { note: clip(sample.note, NAME_LENGTH) }),
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

/** A reader hands over the same view second after second. */
const admittedViews = new WeakMap<View, View>();

/** Always the same one for the same view, so that what is known of it is found again by it. */
function admitView(view: View): View {
  let admitted = admittedViews.get(view);
  if (admitted === undefined) {
    admitted = {
      method: clip(view.method, METHOD_LENGTH),
      route: clip(view.route, NAME_LENGTH) || '(unknown)',
      handler: clip(view.handler, NAME_LENGTH),
      kind: view.kind,
    };
    admittedViews.set(view, admitted);
  }
  return admitted;
}

function admitSite(site: Site): Site {
  return {
    function: clip(site.function, NAME_LENGTH),
    file: clip(site.file, PATH_LENGTH),
    line: positive(site.line),
    column: positive(site.column),
  };
}

/** Whole and not too large, so that what is added up over processes can be taken away again exactly. */
function inFlight(value: number): number {
  return Math.min(MAX_IN_FLIGHT, Math.round(positive(value)));
}

function positive(value: number): number {
  return value > 0 && value < Number.MAX_SAFE_INTEGER ? value : 0;
}

function clip(value: string, length: number): string {
  // Not the one character for it: it would make each character of the text take two bytes.
  return storable(value.length <= length ? value : `${value.slice(0, length - 3)}...`);
}

/** Halves of characters, and the one character that PostgreSQL has no place for: one such name would keep all from being saved. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

/** The same text, with what no database keeps as it is shown as `\uFFFD`. */
export function storable(text: string): string {
  return UNSTORABLE.test(text) ? text.replace(new RegExp(UNSTORABLE, 'gu'), '\uFFFD') : text;
}
