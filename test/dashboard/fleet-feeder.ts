import {
  Histogram,
  type HistogramData,
  type IncidentDelta,
  type Instance,
  toOtlpLogs,
  toOtlpMetrics,
  type View,
} from 'holdup/protocol';
import {
  BOOKSHOP,
  collectionIncident,
  EXPORT,
  exportIncident,
  loginIncident,
  searchIncident,
} from './bookshop-incidents.js';

/**
 * An agent of its own: posts to a collector what a small fleet of bookshops would, over the real wire format. What it
 * tells is drawn from a seeded generator, so that two runs tell the same.
 */
export class FleetFeeder {
  readonly #url: string;
  readonly #instances: Instance[];
  readonly #sequences = new Map<string, number>();
  readonly #random = seeded(7);
  #timer: NodeJS.Timeout | null = null;

  constructor(url: string, instances = 3) {
    this.#url = url;
    this.#instances = Array.from({ length: instances }, (_, index) => instanceNumber(index));
  }

  get instances(): readonly Instance[] {
    return this.#instances;
  }

  instanceAt(index: number): Instance {
    const instance = this.#instances[index];
    if (instance === undefined) throw new Error('no such instance');
    return instance;
  }

  /** One second of ordinary life of every instance: a report each, and now and then an incident. */
  async second(endMs: number = Date.now()): Promise<void> {
    await this.reports(endMs);
    for (const [index, instance] of this.#instances.entries()) {
      if (index < 2 && this.#random() < 0.45) await this.incidents(instance, [exportIncident(endMs, this.#random)]);
      if (this.#random() < 0.2) await this.incidents(instance, [loginIncident(endMs, this.#random)]);
      if (this.#random() < 0.12) await this.incidents(instance, [searchIncident(endMs, this.#random)]);
      if (this.#random() < 0.05) await this.incidents(instance, [collectionIncident(endMs, this.#random)]);
    }
  }

  /** A report of every instance, and no incident. */
  async reports(endMs: number = Date.now()): Promise<void> {
    for (const [index, instance] of this.#instances.entries()) {
      await this.report(instance, endMs, this.#views(index), null);
    }
  }

  /** Ordinary life once a second until `stop`. */
  start(): void {
    this.#timer ??= setInterval(() => {
      this.second().catch(() => {
        // The collector may be away: that is what some tests are about.
      });
    }, 1_000);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  async report(
    instance: Instance,
    endMs: number,
    views: readonly ViewFigures[],
    blocked: { forSeconds: number; view: View | null } | null,
  ): Promise<void> {
    await this.#post('v1/metrics', this.#metrics(instance, endMs, views, blocked));
  }

  /** A report of every instance in one request, as an OpenTelemetry Collector sends them. */
  async reportTogether(viewsOf: (index: number) => readonly ViewFigures[], endMs: number = Date.now()): Promise<void> {
    const all = this.#instances.map((instance, index) => this.#metrics(instance, endMs, viewsOf(index), null));
    await this.#post('v1/metrics', { resourceMetrics: all.flatMap(({ resourceMetrics = [] }) => resourceMetrics) });
  }

  async incidents(instance: Instance, incidents: readonly IncidentDelta[]): Promise<void> {
    await this.#post('v1/logs', toOtlpLogs({ instance, sequence: this.#next(`logs ${instance.id}`), incidents }));
  }

  #metrics(
    instance: Instance,
    endMs: number,
    views: readonly ViewFigures[],
    blocked: { forSeconds: number; view: View | null } | null,
  ) {
    const delay = new Histogram();
    for (let i = 0; i < 50; i++) delay.record(0.0008 + this.#random() ** 4 * 0.02);
    const heldSeconds = views.reduce((sum, view) => sum + (view.heldMs ?? 0), 0) / 1000;
    if (heldSeconds > 0) delay.record(heldSeconds);
    const utilization = Math.min(1, 0.18 + this.#random() * 0.14 + heldSeconds);
    return toOtlpMetrics({
      instance,
      sequence: this.#next(`metrics ${instance.id}`),
      startMs: endMs - 1_000,
      endMs,
      views: views.map((figures) => ({
        view: figures.view,
        active: figures.active,
        activePeak: figures.active + (figures.requests > 0 ? 1 : 0),
        duration: spread(figures.requests, figures.meanMs / 1000, this.#random),
        busy: spread(figures.requests, figures.busyMs / 1000, this.#random),
        wait: spread(figures.requests, 0.001, this.#random),
        operations: [],
        blocks: [],
      })),
      loop: {
        delay: delay.data(),
        utilization,
        activeSeconds: utilization,
        idleSeconds: 1 - utilization,
        blockedSeconds: heldSeconds,
        attributedSeconds: heldSeconds,
        blocked,
      },
      gc: [],
      memory: { rssBytes: 96e6 + this.#random() * 8e6, heapUsedBytes: 41e6 + this.#random() * 9e6 },
      observer: { busySeconds: 0.004, samplingRatio: 1 },
      dropped: [],
    });
  }

  /** Several views busy on one instance, held for a part of the second now and then. */
  #views(index: number): ViewFigures[] {
    const wave = 1 + Math.sin(Date.now() / 21_000 + index);
    const load = (mean: number): number => Math.max(0, Math.round(mean * wave * (0.5 + this.#random())));
    return BOOKSHOP.map(({ view, active, perSecond, meanMs, busyMs }) => ({
      view,
      active: load(active),
      requests: load(perSecond),
      meanMs,
      busyMs,
      heldMs: view === EXPORT && this.#random() < 0.3 ? 180 + this.#random() * 240 : 0,
    }));
  }

  #next(key: string): number {
    const sequence = (this.#sequences.get(key) ?? 0) + 1;
    this.#sequences.set(key, sequence);
    return sequence;
  }

  async #post(path: string, body: object): Promise<void> {
    const response = await fetch(new URL(path, this.#url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
  }
}

/** What one view did in a second on one instance. */
export interface ViewFigures {
  readonly view: View;
  readonly active: number;
  readonly requests: number;
  readonly meanMs: number;
  readonly busyMs: number;
  readonly heldMs?: number;
}

function instanceNumber(index: number): Instance {
  return {
    id: `bookshop-${index}`,
    service: index < 2 ? 'bookshop' : 'bookshop-admin',
    serviceVersion: '2.4.1',
    host: index < 2 ? 'web-1' : 'web-2',
    pid: 4_100 + index * 17,
    nodeVersion: '24.21.0',
    role: index < 2 ? `cluster worker ${index + 1}` : 'main',
  };
}

function spread(howMany: number, mean: number, random: () => number): HistogramData {
  const histogram = new Histogram();
  for (let i = 0; i < howMany; i++) histogram.record(mean * (0.6 + random() ** 3 * 2.4));
  return histogram.data();
}

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
