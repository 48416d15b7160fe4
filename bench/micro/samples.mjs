// What the parts are measured with.

const none = { scale: 3, count: 0, sum: 0, min: 0, max: 0, zeroCount: 0, offset: 0, counts: [] };

export const instance = {
  id: 'bench:1:1',
  service: 'bench',
  serviceVersion: '1.0.0',
  host: 'bench',
  pid: 1,
  nodeVersion: process.versions.node,
  role: 'main',
};

export const loop = {
  delay: none,
  utilization: 0.5,
  activeSeconds: 0.5,
  idleSeconds: 0.5,
  blockedSeconds: 0,
  attributedSeconds: 0,
  blocked: null,
};

export const rest = {
  gc: [],
  memory: { rssBytes: 1e8, heapUsedBytes: 5e7 },
  observer: { busySeconds: 0.001, samplingRatio: 0.1 },
};

export const incidentBatch = { instance, sequence: 0, incidents: Array.from({ length: 20 }, (_, i) => incident(i)) };

function incident(i) {
  const frame = { function: `handler${i}`, file: `/app/views/view${i}.js`, line: 10 + i, column: 5 };
  const stack = Array.from({ length: 12 }, (_, depth) => ({ ...frame, line: frame.line + depth, inApp: depth < 2 }));
  const at = Date.now();
  return {
    fingerprint: `v1-${i.toString(16).padStart(16, '0')}`,
    kind: 'sync-only',
    operation: 'fs.readFileSync',
    category: 'file',
    cause: 'code',
    view: { method: 'GET', route: `/books/${i}/:id`, handler: 'book', kind: 'async' },
    site: frame,
    owner: '',
    alternative: 'await fs.promises.readFile(…)',
    allowed: '',
    count: 3,
    coldCount: 0,
    thrownCount: 0,
    totalMs: 180,
    maxMs: 70,
    delayedRequests: 9,
    delayedMs: 400,
    lastSeen: at,
    samples: [
      {
        at,
        durationMs: 70,
        stack,
        delayed: Array.from({ length: 5 }, (_, n) => ({
          method: 'GET',
          route: '/',
          delayedMs: 60 - n,
          startOffsetMs: -n,
        })),
        traceId: '',
      },
    ],
    blocks: [{ at, durationMs: 70 }],
    codeFrame: {
      startLine: 5 + i,
      lines: Array.from({ length: 11 }, () => '  const text = readFileSync(file, "utf8");'),
    },
  };
}
