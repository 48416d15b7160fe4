import type { Collector } from 'holdup/collector';
import {
  EMPTY_HISTOGRAM,
  Histogram,
  type HistogramData,
  type IncidentDelta,
  type Instance,
  type LiveMessage,
  type Report,
  toOtlpLogs,
  toOtlpMetrics,
  type View,
  type ViewReport,
} from 'holdup/protocol';
import WebSocket from 'ws';

/** What tests send to a collector: real reports with the figures that matter to the test. */

export const EXPORT_VIEW: View = { method: 'GET', route: '/export', handler: 'exportBooks', kind: 'async' };
export const BOOKS_VIEW: View = { method: 'GET', route: '/books/:id', handler: 'showBook', kind: 'async' };

export function histogramOf(...values: number[]): HistogramData {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram.data();
}

export function instanceOf(overrides: Partial<Instance> = {}): Instance {
  return {
    id: 'instance-1',
    service: 'bookshop',
    serviceVersion: '1.2.3',
    host: 'machine',
    pid: 4711,
    nodeVersion: '20.20.0',
    role: 'main',
    ...overrides,
  };
}

export function viewReportOf(overrides: Partial<ViewReport> = {}): ViewReport {
  return {
    view: EXPORT_VIEW,
    active: 0,
    activePeak: 0,
    duration: EMPTY_HISTOGRAM,
    busy: EMPTY_HISTOGRAM,
    wait: EMPTY_HISTOGRAM,
    operations: [],
    blocks: [],
    ...overrides,
  };
}

export type ReportOverrides = Partial<Omit<Report, 'loop'>> & { readonly loop?: Partial<Report['loop']> };

export function reportOf(overrides: ReportOverrides = {}): Report {
  const endMs = Date.now();
  return {
    instance: instanceOf(),
    sequence: 1,
    startMs: endMs - 1000,
    endMs,
    views: [],
    gc: [],
    memory: { rssBytes: 90_000_000, heapUsedBytes: 30_000_000 },
    observer: { busySeconds: 0.001, samplingRatio: 1 },
    dropped: [],
    ...overrides,
    loop: {
      delay: histogramOf(0.001),
      utilization: 0.25,
      activeSeconds: 0.25,
      idleSeconds: 0.75,
      blockedSeconds: 0,
      attributedSeconds: 0,
      blocked: null,
      ...overrides.loop,
    },
  };
}

export function incidentOf(overrides: Partial<IncidentDelta> = {}): IncidentDelta {
  return {
    fingerprint: 'v1-export',
    kind: 'sync-only',
    operation: 'fs.readFileSync',
    category: 'file',
    cause: 'code',
    view: EXPORT_VIEW,
    site: { function: 'exportBooks', file: '/app/src/exports.ts', line: 41, column: 18 },
    owner: '',
    alternative: 'await fs.promises.readFile(path)',
    allowed: '',
    count: 1,
    coldCount: 0,
    thrownCount: 0,
    totalMs: 100,
    maxMs: 100,
    delayedRequests: 0,
    delayedMs: 0,
    lastSeen: Date.now(),
    samples: [],
    blocks: [],
    codeFrame: null,
    ...overrides,
  };
}

export function sampleOf(durationMs: number, delayedMs: number): IncidentDelta['samples'][number] {
  return {
    at: Date.now(),
    durationMs,
    stack: [{ function: 'exportBooks', file: '/app/src/exports.ts', line: 41, column: 18, inApp: true }],
    delayed: [{ method: 'GET', route: '/books/:id', delayedMs, startOffsetMs: -5 }],
    traceId: '',
  };
}

/** A client of one collector. */
export class Client {
  readonly url: string;
  readonly headers: Record<string, string>;
  #batches = 0;

  constructor({ url }: Pick<Collector, 'url'>, headers: Record<string, string> = {}) {
    this.url = url;
    this.headers = headers;
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(new URL(path, this.url), { headers: { ...this.headers, ...headers }, redirect: 'manual' });
  }

  async json<T>(path: string): Promise<T> {
    const response = await this.get(path);
    if (response.status !== 200) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  }

  post(path: string, body: RequestInit['body'], headers: Record<string, string> = {}): Promise<Response> {
    const all = { 'Content-Type': 'application/json', ...this.headers, ...headers };
    return fetch(new URL(path, this.url), { method: 'POST', headers: all, body: body ?? null });
  }

  async report(overrides: ReportOverrides = {}): Promise<void> {
    const response = await this.post('v1/metrics', JSON.stringify(toOtlpMetrics(reportOf(overrides))));
    if (response.status !== 200) throw new Error(`/v1/metrics answered ${response.status}: ${await response.text()}`);
    await response.arrayBuffer();
  }

  async incidents(instance: Instance, ...incidents: IncidentDelta[]): Promise<void> {
    this.#batches++;
    const body = toOtlpLogs({ instance, sequence: this.#batches, incidents });
    const response = await this.post('v1/logs', JSON.stringify(body));
    if (response.status !== 200) throw new Error(`/v1/logs answered ${response.status}: ${await response.text()}`);
    await response.arrayBuffer();
  }

  live(headers: Record<string, string> = {}): LiveClient {
    const url = new URL('api/v1/live', this.url);
    url.protocol = 'ws:';
    return new LiveClient(new WebSocket(url, { headers: { ...this.headers, ...headers } }));
  }
}

/** One connected page, with everything it was sent. */
export class LiveClient {
  readonly messages: LiveMessage[] = [];
  readonly socket: WebSocket;
  /** The HTTP status that refused the upgrade. */
  readonly refused: Promise<number>;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => this.messages.push(JSON.parse(String(data)) as LiveMessage));
    socket.on('error', () => {});
    this.refused = new Promise((resolve) => {
      socket.on('unexpected-response', (_request, response) => {
        resolve(response.statusCode ?? 0);
        response.resume();
        socket.terminate();
      });
      socket.on('open', () => resolve(101));
    });
  }

  /** The first message that `is` accepts, among those that came or will come. */
  async message<T extends LiveMessage>(is: (message: LiveMessage) => message is T): Promise<T>;
  async message(is: (message: LiveMessage) => boolean): Promise<LiveMessage>;
  async message(is: (message: LiveMessage) => boolean): Promise<LiveMessage> {
    return until(() => this.messages.find(is));
  }

  close(): void {
    this.socket.terminate();
  }
}

/** Waits for a condition to come true; fails after 10 s. */
export async function until<T>(condition: () => T | Promise<T>): Promise<NonNullable<T>> {
  const giveUpAt = performance.now() + 10_000;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value as NonNullable<T>;
    if (performance.now() > giveUpAt) throw new Error(`not within 10 s: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
