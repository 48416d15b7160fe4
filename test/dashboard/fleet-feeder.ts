import {
  BACKGROUND_VIEW,
  Histogram,
  type HistogramData,
  type IncidentDelta,
  type IncidentSample,
  type Instance,
  toOtlpLogs,
  toOtlpMetrics,
  type View,
} from 'holdup/protocol';

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

const view = (method: string, route: string, handler: string, kind: 'async' | 'sync' = 'async'): View => ({
  method,
  route,
  handler,
  kind,
});
export const EXPORT = view('GET', '/books/export', 'exportBooks');
export const LOGIN = view('POST', '/login', 'login');
export const SEARCH = view('GET', '/search', 'search', 'sync');
const LIST = view('GET', '/books', 'listBooks');
const BOOK = view('GET', '/books/:id', 'showBook');

const BOOKSHOP = [
  { view: LIST, active: 6, perSecond: 38, meanMs: 42, busyMs: 1.4 },
  { view: BOOK, active: 3, perSecond: 52, meanMs: 12, busyMs: 0.6 },
  { view: view('GET', '/api/books/:id/reviews', 'reviews'), active: 4, perSecond: 12, meanMs: 130, busyMs: 0.9 },
  { view: LOGIN, active: 2, perSecond: 5, meanMs: 96, busyMs: 71 },
  { view: EXPORT, active: 1, perSecond: 1, meanMs: 480, busyMs: 410 },
  { view: SEARCH, active: 2, perSecond: 9, meanMs: 30, busyMs: 11 },
  { view: view('GET', '/slow', 'Sleep.get'), active: 5, perSecond: 5, meanMs: 1_004, busyMs: 0.3 },
  { view: view('POST', '/basket/:id/items', 'addItem'), active: 1, perSecond: 6, meanMs: 19, busyMs: 1.1 },
  { view: view('GET', '/time', 'currentTime', 'sync'), active: 1, perSecond: 20, meanMs: 1, busyMs: 0.1 },
  { view: BACKGROUND_VIEW, active: 0, perSecond: 1, meanMs: 30, busyMs: 9 },
] as const;

const FILE = '/srv/bookshop/src/exports.ts';

/** The fields every incident has; a test overrides what it is about. */
export function incident(fields: Partial<IncidentDelta> & Pick<IncidentDelta, 'fingerprint'>): IncidentDelta {
  return {
    kind: 'sync-only',
    operation: 'fs.readFileSync',
    category: 'file',
    cause: 'code',
    view: EXPORT,
    site: { function: 'exportBooks', file: FILE, line: 41, column: 23 },
    owner: '',
    alternative: "await fs.promises.readFile(path, 'utf8')",
    allowed: '',
    count: 1,
    coldCount: 0,
    thrownCount: 0,
    totalMs: 120,
    maxMs: 120,
    delayedRequests: 0,
    delayedMs: 0,
    lastSeen: Date.now(),
    samples: [],
    blocks: [],
    codeFrame: null,
    ...fields,
  };
}

/** One hold of the loop with everything that is told about it. */
export function hold(
  at: number,
  durationMs: number,
  delayed: IncidentSample['delayed'],
  stack: IncidentSample['stack'],
) {
  const delayedMs = delayed.reduce((sum, request) => sum + request.delayedMs, 0);
  return {
    totalMs: durationMs,
    maxMs: durationMs,
    delayedRequests: delayed.length,
    delayedMs,
    lastSeen: at + durationMs,
    samples: [{ at, durationMs, stack, delayed, traceId: '4bf92f3577b34da6a3ce929d0e0e4736' }],
    blocks: [{ at, durationMs }],
  } satisfies Partial<IncidentDelta>;
}

export function exportIncident(endMs: number, random: () => number): IncidentDelta {
  const durationMs = 180 + random() * 300;
  return incident({
    fingerprint: 'v1-3f9a61c2d07b',
    ...hold(endMs - durationMs, durationMs, inFlight(3 + Math.floor(random() * 11), durationMs, random), EXPORT_STACK),
    codeFrame: {
      startLine: 37,
      lines: [
        'export async function exportBooks(request, response) {',
        '  const shop = await findShop(request.params.shop);',
        '  if (shop === null) return response.status(404).end();',
        '  response.type("csv");',
        "  const template = fs.readFileSync(shop.templatePath, 'utf8');",
        '  const rows = shop.books.map((book) => toRow(book));',
        '  response.send(JSON.stringify({ template, rows }));',
        '}',
      ],
    },
  });
}

export function loginIncident(endMs: number, random: () => number): IncidentDelta {
  const durationMs = 62 + random() * 30;
  return incident({
    fingerprint: 'v1-9be02455ac18',
    operation: 'crypto.pbkdf2Sync',
    category: 'crypto',
    view: LOGIN,
    site: { function: 'hashPassword', file: '/srv/bookshop/src/accounts/password.ts', line: 12, column: 18 },
    alternative: "await promisify(crypto.pbkdf2)(password, salt, 600_000, 32, 'sha256')",
    ...hold(
      endMs - durationMs,
      durationMs,
      inFlight(Math.floor(random() * 6), durationMs, random),
      EXPORT_STACK.slice(1),
    ),
  });
}

export function searchIncident(endMs: number, random: () => number): IncidentDelta {
  const durationMs = 140 + random() * 900;
  return incident({
    fingerprint: 'v1-c51d7e90ff32',
    kind: 'block',
    operation: '(block)',
    category: 'code',
    view: SEARCH,
    site: { function: 'matchTitle', file: '/srv/bookshop/src/search.ts', line: 88, column: 9 },
    alternative: '',
    ...hold(endMs - durationMs, durationMs, inFlight(2 + Math.floor(random() * 5), durationMs, random), [
      frame('matchTitle', '/srv/bookshop/src/search.ts', 88, true),
      frame('Array.filter', '', 0, false),
      frame('search', '/srv/bookshop/src/search.ts', 61, true),
    ]),
  });
}

function collectionIncident(endMs: number, random: () => number): IncidentDelta {
  const durationMs = 55 + random() * 60;
  return incident({
    fingerprint: 'v1-77a0b3e1d9c4',
    kind: 'block',
    operation: '(block)',
    category: 'code',
    cause: 'gc',
    view: LIST,
    site: { function: '', file: '', line: 0, column: 0 },
    alternative: '',
    ...hold(endMs - durationMs, durationMs, inFlight(2, durationMs, random), []),
  });
}

function inFlight(howMany: number, durationMs: number, random: () => number): IncidentSample['delayed'] {
  return Array.from({ length: howMany }, (_, index) => {
    const { method, route } = BOOKSHOP[(index * 2) % 9]?.view ?? BOOK;
    const startOffsetMs = index % 3 === 2 ? random() * durationMs * 0.8 : -random() * 420;
    return { method, route, startOffsetMs, delayedMs: durationMs - Math.max(0, startOffsetMs) };
  }).sort((a, b) => b.delayedMs - a.delayedMs);
}

const frame = (name: string, file: string, line: number, inApp: boolean) => ({
  function: name,
  file,
  line,
  column: line === 0 ? 0 : 23,
  inApp,
});

const EXPRESS = '/srv/bookshop/node_modules/router/lib';
const EXPORT_STACK = [
  frame('Object.readFileSync', 'node:fs', 441, false),
  frame('exportBooks', FILE, 41, true),
  frame('Layer.handleRequest', `${EXPRESS}/layer.js`, 152, false),
  frame('next', `${EXPRESS}/route.js`, 157, false),
  frame('Route.dispatch', `${EXPRESS}/route.js`, 117, false),
  frame('requireShop', '/srv/bookshop/src/shops.ts', 19, true),
  frame('Layer.handleRequest', `${EXPRESS}/layer.js`, 152, false),
  frame('router.handle', `${EXPRESS}/../index.js`, 186, false),
];

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
