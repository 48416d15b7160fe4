import { Histogram, toOtlpLogs, toOtlpMetrics } from 'holdup/protocol';

/** What honest processes send, and what all of it adds up to. */

const SERVICES = 10;
const INSTANCES = 400;
const ROUTES = 20;
const FINGERPRINTS = 40;

export class Honest {
  #random;
  #sequences = new Map();
  /** By service: requests, and requests with busy time and its sum. By fingerprint: occurrences. */
  requests = new Map();
  busy = new Map();
  occurrences = new Map();

  constructor(random) {
    this.#random = random;
  }

  /** How many reports it takes until every process and every view was heard of once. */
  get introductions() {
    return INSTANCES;
  }

  /** @returns {{ body: object, count: () => void }} `count` is called when it was acknowledged */
  report(i) {
    const random = this.#random;
    const number = i < INSTANCES ? i : random.below(INSTANCES);
    const instance = this.#instance(number);
    const { service } = instance;
    const first = i < INSTANCES ? Math.floor(i / SERVICES) % ROUTES : random.below(ROUTES);
    const views = [];
    for (let j = 0; j < 1 + random.below(3); j++) {
      const [duration, busy] = [new Histogram(), new Histogram()];
      for (let k = random.below(20); k >= 0; k--) {
        duration.record(random.next() * 10 ** (random.below(8) - 5));
        if (random.next() < 0.7) busy.record(random.next() / 10);
      }
      views.push({ ...viewOf((first + j) % ROUTES), duration: duration.data(), busy: busy.data() });
    }
    const body = toOtlpMetrics({ ...EMPTY_REPORT, instance, sequence: this.#next(`report ${number}`), views });
    const count = () => {
      for (const { duration, busy } of views) {
        add(this.requests, service, duration.count);
        const known = this.busy.get(service) ?? { count: 0, sum: 0 };
        this.busy.set(service, { count: known.count + busy.count, sum: known.sum + busy.sum });
      }
    };
    return { body, count };
  }

  batch() {
    const random = this.#random;
    const number = random.below(INSTANCES);
    const incidents = Array.from({ length: 1 + random.below(3) }, () => incidentOf(random, random.below(FINGERPRINTS)));
    const body = toOtlpLogs({
      instance: this.#instance(number),
      sequence: this.#next(`batch ${number}`),
      incidents,
    });
    const count = () => {
      for (const { fingerprint, count } of incidents) add(this.occurrences, fingerprint, count);
    };
    return { body, count };
  }

  #instance(number) {
    return instanceOf(`honest-${number}`, `honest-${number % SERVICES}`);
  }

  #next(name) {
    const next = (this.#sequences.get(name) ?? 0) + 1;
    this.#sequences.set(name, next);
    return next;
  }
}

function instanceOf(id, service) {
  return { id, service, serviceVersion: '1.0.0', host: 'fuzz', pid: 1, nodeVersion: '20.20.0', role: 'main' };
}

/** One of processes without end, each with all that a report may hold. */
export function strangersReport(random) {
  const id = random.below(1_000_000);
  const histogram = new Histogram();
  for (let i = random.below(5); i >= 0; i--) histogram.record(random.next());
  const data = histogram.data();
  const views = Array.from({ length: 1 + random.below(3) }, () => ({
    ...viewOf(random.below(100_000)),
    active: 2,
    activePeak: 3,
    duration: data,
    busy: data,
    wait: data,
    operations: [{ operation: `fs.read${random.below(5000)}Sync`, duration: data }],
    blocks: [{ cause: 'code', duration: data }],
  }));
  return toOtlpMetrics({
    ...EMPTY_REPORT,
    instance: instanceOf(`stranger-${id}`, `stranger-${random.below(200)}`),
    sequence: random.below(3),
    views,
    loop: { ...EMPTY_REPORT.loop, blocked: { forSeconds: 0.2, view: viewOf(1).view } },
    gc: [{ type: 'major', duration: data }],
    dropped: [{ what: `what-${random.below(1000)}`, count: 1 }],
  });
}

export function strangersBatch(random) {
  const instance = instanceOf(`stranger-${random.below(1_000_000)}`, `stranger-${random.below(200)}`);
  const incidents = Array.from({ length: 1 + random.below(2) }, () => incidentOf(random, random.below(1_000_000)));
  return toOtlpLogs({
    instance,
    sequence: random.below(3),
    incidents: incidents.map((each) => ({ ...each, fingerprint: `stranger-${each.fingerprint}` })),
  });
}

function viewOf(number) {
  const view = { method: 'GET', route: `/things/${number}/:id`, handler: `show${number}`, kind: 'async' };
  return { view, active: 0, activePeak: 0, duration: NONE, busy: NONE, wait: NONE, operations: [], blocks: [] };
}

function incidentOf(random, number) {
  const site = { function: 'show', file: '/app/things.js', line: 1 + random.below(500), column: 7 };
  const at = Date.now();
  return {
    fingerprint: `v1-${number}`,
    kind: number % 3 === 0 ? 'block' : 'sync-only',
    operation: 'fs.readFileSync',
    category: 'file',
    cause: 'code',
    view: viewOf(number % ROUTES).view,
    site,
    owner: '',
    alternative: 'await fs.promises.readFile(path)',
    allowed: '',
    count: 1 + random.below(3),
    coldCount: 0,
    thrownCount: 0,
    totalMs: random.next() * 1000,
    maxMs: random.next() * 100,
    delayedRequests: random.below(4),
    delayedMs: random.next() * 100,
    lastSeen: at,
    samples: [{ at, durationMs: 60, stack: [{ ...site, inApp: true }], delayed: [], traceId: '' }],
    blocks: [{ at, durationMs: 60 }],
    codeFrame: { startLine: 1, lines: ['const text = readFileSync(path);'] },
  };
}

function add(map, key, count) {
  map.set(key, (map.get(key) ?? 0) + count);
}

const NONE = new Histogram().data();
const EMPTY_REPORT = {
  startMs: Date.now() - 1000,
  endMs: Date.now(),
  views: [],
  loop: {
    delay: NONE,
    utilization: 0.3,
    activeSeconds: 0.3,
    idleSeconds: 0.7,
    blockedSeconds: 0,
    attributedSeconds: 0,
    blocked: null,
  },
  gc: [],
  memory: { rssBytes: 9e7, heapUsedBytes: 3e7 },
  observer: { busySeconds: 0.001, samplingRatio: 1 },
  dropped: [],
};
