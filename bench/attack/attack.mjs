import { Histogram, toOtlpLogs, toOtlpMetrics } from 'holdup/protocol';
import { WeighedCollector } from '../lib/weighed-collector.mjs';

/** As many as an honest process has at most; who sends more is folded sooner. */
const ROUTES_A_PROCESS = 500;
const FINGERPRINTS_A_PROCESS = 1000;
const ROUTES_A_POST = 250;
const FINGERPRINTS_A_POST = 250;
/** Of the longest kind that is let in: this many fingerprints, each with two samples of 60 long frames. */
const FAT_A_POST = 10;

/**
 * Sends endless names to a collector and says what they cost it.
 *
 * @param {{ routes: number, fingerprints: number, fat: number, look?: (url: string) => Promise<void> }} options
 * @returns {Promise<import('./attack.mjs').AttackResult>} `look` runs while it still stands
 */
export async function attack({ routes, fingerprints, fat, look = async () => {} }) {
  const mistakes = [];
  const collector = await WeighedCollector.start('memory', (mistake) => mistakes.push(mistake));
  const weights = [];
  const weigh = async (after) => {
    const { rss, heapUsed, external } = await collector.weigh();
    weights.push({ after, rss, heapUsed: heapUsed + external });
  };
  const send = async (path, posts) => {
    const queue = posts[Symbol.iterator]();
    const line = async () => {
      for (const body of queue) {
        const answer = await collector.postPatiently({
          path,
          headers: JSON_TYPE,
          body: Buffer.from(JSON.stringify(body)),
        });
        if (answer.status !== 200) mistakes.push(`${answer.status}: ${answer.text}`);
      }
    };
    await Promise.all(Array.from({ length: 8 }, line));
  };
  try {
    await weigh('nothing');
    await send('/v1/metrics', routePosts(routes, ROUTES_A_PROCESS, 'many'));
    await weigh(`${routes} routes of ${Math.ceil(routes / ROUTES_A_PROCESS)} processes`);
    await send('/v1/metrics', routePosts(routes, routes, 'one'));
    await weigh(`${routes} routes of one process`);
    await send('/v1/logs', fingerprintPosts(fingerprints, FINGERPRINTS_A_PROCESS, 'many'));
    await weigh(`${fingerprints} fingerprints of ${Math.ceil(fingerprints / FINGERPRINTS_A_PROCESS)} processes`);
    await send('/v1/logs', fingerprintPosts(fingerprints, fingerprints, 'one'));
    await weigh(`${fingerprints} fingerprints of one process`);
    await send('/v1/logs', fatPosts(fat));
    await weigh(`${fat} fingerprints with the longest samples`);
    const overview = JSON.parse(await collector.get('api/v1/overview'));
    const { views } = JSON.parse(await collector.get('api/v1/views'));
    const startedAt = performance.now();
    const metrics = await collector.get('metrics');
    const scrapeMs = performance.now() - startedAt;
    await look(collector.url);
    return {
      mistakes,
      weights,
      verdict: overview.verdict,
      dropped: overview.dropped,
      views: views.length,
      requests: views.reduce((sum, { requests }) => sum + requests, 0),
      incidents: overview.incidents.total,
      metrics: { bytes: metrics.length, lines: metrics.split('\n').length, ms: scrapeMs, dropped: droppedIn(metrics) },
    };
  } finally {
    await collector.stop();
  }
}

const JSON_TYPE = { 'content-type': 'application/json' };

function droppedIn(metrics) {
  const dropped = {};
  for (const [, what, count] of metrics.matchAll(/^holdup_observer_dropped_total\{what="([^"]+)"\} (\S+)$/gm)) {
    dropped[what] = Number(count);
  }
  return dropped;
}

function* routePosts(routes, aProcess, name) {
  const one = new Histogram();
  one.record(0.01);
  const data = one.data();
  for (let i = 0; i < routes; i += ROUTES_A_POST) {
    const process = Math.floor(i / aProcess);
    const views = Array.from({ length: Math.min(ROUTES_A_POST, routes - i) }, (_, j) => ({
      view: { method: 'GET', route: `/${name}/${i + j}/${'x'.repeat(60)}`, handler: `show${i + j}`, kind: 'async' },
      active: 1,
      activePeak: 1,
      duration: data,
      busy: data,
      wait: data,
      operations: [{ operation: `fs.readFileSync ${i + j}`, duration: data }],
      blocks: [{ cause: 'code', duration: data }],
    }));
    const endMs = Date.now();
    const loop = { delay: data, utilization: 0.1, activeSeconds: 0.1, idleSeconds: 0.9 };
    yield toOtlpMetrics({
      instance: instanceOf(`routes-${name}-${process}`),
      sequence: i / ROUTES_A_POST + 1,
      startMs: endMs - 1000,
      endMs,
      views,
      loop: { ...loop, blockedSeconds: 0, attributedSeconds: 0, blocked: null },
      gc: [],
      memory: { rssBytes: 9e7, heapUsedBytes: 3e7 },
      observer: { busySeconds: 0.001, samplingRatio: 1 },
      dropped: [],
    });
  }
}

function* fingerprintPosts(fingerprints, aProcess, name) {
  for (let i = 0; i < fingerprints; i += FINGERPRINTS_A_POST) {
    const count = Math.min(FINGERPRINTS_A_POST, fingerprints - i);
    const incidents = Array.from({ length: count }, (_, j) => incidentOf(`${name}-${i + j}`, 3, 'thing'));
    const instance = instanceOf(`fingerprints-${name}-${Math.floor(i / aProcess)}`);
    yield toOtlpLogs({ instance, sequence: i / FINGERPRINTS_A_POST + 1, incidents });
  }
}

function* fatPosts(fingerprints) {
  for (let i = 0; i < fingerprints; i += FAT_A_POST) {
    const incidents = Array.from({ length: FAT_A_POST }, (_, j) => incidentOf(`fat-${i + j}`, 60, 'x'.repeat(1000)));
    const instance = instanceOf(`fat-${Math.floor(i / 500)}`);
    yield toOtlpLogs({ instance, sequence: i / FAT_A_POST + 1, incidents });
  }
}

function incidentOf(fingerprint, frames, text) {
  const site = { function: text.slice(0, 300), file: `/app/${text}.js`, line: 1, column: 1 };
  const at = Date.now();
  const stack = Array.from({ length: frames }, (_, line) => ({ ...site, line, inApp: true }));
  const sample = { at, durationMs: 60, stack, delayed: [], traceId: '' };
  return {
    fingerprint,
    kind: 'sync-only',
    operation: 'fs.readFileSync',
    category: 'file',
    cause: 'code',
    view: { method: 'GET', route: `/incident/${fingerprint}`, handler: text, kind: 'async' },
    site,
    owner: '',
    alternative: text,
    allowed: '',
    count: 1,
    coldCount: 0,
    thrownCount: 0,
    totalMs: 60,
    maxMs: 60,
    delayedRequests: 1,
    delayedMs: 10,
    lastSeen: at,
    samples: [sample, { ...sample, durationMs: 61 }],
    blocks: [{ at, durationMs: 60 }],
    codeFrame: { startLine: 1, lines: Array(frames > 40 ? 40 : 5).fill(text.slice(0, 300)) },
  };
}

function instanceOf(id) {
  return { id, service: 'attacked', serviceVersion: '1', host: 'attacker', pid: 1, nodeVersion: '20', role: 'main' };
}
