import { EMPTY_HISTOGRAM, type HistogramData } from './histogram.js';
import { GOODBYE_ATTRIBUTE, type Scope, SEQUENCE_ATTRIBUTE } from './otlp.js';
import { fromKeyValues, number } from './otlp-value.js';
import type { MetricKey, PointLabels } from './point-labels.js';
import type {
  BlockReport,
  DroppedCount,
  GcReport,
  Instance,
  LoopReport,
  OperationReport,
  Report,
  ViewReport,
} from './report.js';
import { soundHistogram } from './sound-histogram.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface ViewParts extends Mutable<Omit<ViewReport, 'operations' | 'blocks'>> {
  readonly operations: OperationReport[];
  readonly blocks: BlockReport[];
}

/** Builds one report from the data points of one scope, whatever they were encoded in. */
export class ReportBuilder {
  /** The span that the report covers; 0 until a point has told. */
  startMs = 0;
  endMs = 0;
  readonly #instance: Instance;
  readonly #scope: Scope;
  readonly #views = new Map<string, ViewParts>();
  readonly #loop: Mutable<LoopReport> = {
    delay: EMPTY_HISTOGRAM,
    utilization: 0,
    activeSeconds: 0,
    idleSeconds: 0,
    blockedSeconds: 0,
    attributedSeconds: 0,
    blocked: null,
  };
  readonly #gc: GcReport[] = [];
  readonly #memory = { rssBytes: 0, heapUsedBytes: 0 };
  readonly #observer = { busySeconds: 0, samplingRatio: 0 };
  readonly #dropped: DroppedCount[] = [];
  #impossible = 0;

  constructor(instance: Instance, scope: Scope) {
    this.#instance = instance;
    this.#scope = scope;
  }

  /** A point of a gauge or a sum. False when the metric is no such thing. */
  value(metric: MetricKey, labels: PointLabels, value: number): boolean {
    switch (metric) {
      case 'requestActive':
        this.#view(labels).active = value;
        return true;
      case 'requestActivePeak':
        this.#view(labels).activePeak = value;
        return true;
      case 'loopUtilization':
        this.#loop.utilization = value;
        return true;
      case 'loopTime':
        if (labels.isActiveTime) this.#loop.activeSeconds = value;
        else this.#loop.idleSeconds = value;
        return true;
      case 'blockedTime':
        this.#loop.blockedSeconds = value;
        return true;
      case 'attributedTime':
        this.#loop.attributedSeconds = value;
        return true;
      case 'blocked':
        this.#loop.blocked = { forSeconds: value, view: labels.hasView ? labels.view : null };
        return true;
      case 'rss':
        this.#memory.rssBytes = value;
        return true;
      case 'heapUsed':
        this.#memory.heapUsedBytes = value;
        return true;
      case 'observerBusy':
        this.#observer.busySeconds = value;
        return true;
      case 'observerSampling':
        this.#observer.samplingRatio = value;
        return true;
      case 'observerDropped':
        this.#dropped.push({ what: labels.what, count: value });
        return true;
      default:
        return false;
    }
  }

  /** A point of an exponential histogram. False when the metric is no such thing. */
  histogram(metric: MetricKey, labels: PointLabels, data: HistogramData): boolean {
    switch (metric) {
      case 'requestDuration':
        this.#view(labels).duration = this.#sound(data);
        return true;
      case 'requestBusy':
        this.#view(labels).busy = this.#sound(data);
        return true;
      case 'requestWait':
        this.#view(labels).wait = this.#sound(data);
        return true;
      case 'operationDuration':
        this.#view(labels).operations.push({ operation: labels.operation, duration: this.#sound(data) });
        return true;
      case 'blockDuration':
        this.#view(labels).blocks.push({ cause: labels.blockCause, duration: this.#sound(data) });
        return true;
      case 'loopDelay':
        this.#loop.delay = this.#sound(data);
        return true;
      case 'gcDuration':
        this.#gc.push({ type: labels.gcType, duration: this.#sound(data) });
        return true;
      default:
        return false;
    }
  }

  report(): Report {
    const attributes = fromKeyValues(this.#scope.attributes);
    if (this.#impossible > 0) this.#dropped.unshift({ what: 'histograms', count: this.#impossible });
    const report: Report = {
      instance: this.#instance,
      sequence: number(attributes[SEQUENCE_ATTRIBUTE]),
      startMs: this.startMs,
      endMs: this.endMs,
      views: [...this.#views.values()],
      loop: this.#loop,
      gc: this.#gc,
      memory: this.#memory,
      observer: this.#observer,
      dropped: this.#dropped,
    };
    return attributes[GOODBYE_ATTRIBUTE] === true ? { ...report, goodbye: true } : report;
  }

  #view({ viewKey, view }: PointLabels): ViewParts {
    let parts = this.#views.get(viewKey);
    if (parts === undefined) {
      parts = {
        view,
        active: 0,
        activePeak: 0,
        duration: EMPTY_HISTOGRAM,
        busy: EMPTY_HISTOGRAM,
        wait: EMPTY_HISTOGRAM,
        operations: [],
        blocks: [],
      };
      this.#views.set(viewKey, parts);
    }
    return parts;
  }

  /** One that cannot be is left out whole, and counted. */
  #sound(data: HistogramData): HistogramData {
    const sound = soundHistogram(data);
    if (sound === null) this.#impossible++;
    return sound ?? EMPTY_HISTOGRAM;
  }
}
