import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WeighedCollector } from '../lib/weighed-collector.mjs';
import { Payloads } from './payloads.mjs';
import { Random } from './random.mjs';
import { Honest } from './reports.mjs';

const CONNECTIONS = 32;
const WEIGHINGS = 10;

/**
 * Sends payloads to a collector in a process of its own, with a SQLite store, and says what came of it.
 *
 * @param {{ payloads: number, seed: number }} options
 * @returns {Promise<import('./fuzz.mjs').FuzzResult>}
 */
export async function fuzz({ payloads: count, seed }) {
  const folder = mkdtempSync(join(tmpdir(), 'holdup-fuzz-'));
  const store = join(folder, 'collector.db');
  const startedAt = performance.now();
  const honest = new Honest(new Random(seed));
  const payloads = new Payloads(new Random(seed + 1), honest);
  const faults = [];
  const onMistake = (mistake) => faults.push({ mistake });
  const kinds = {};
  const weights = [];
  let again = 0;
  let collector = await WeighedCollector.start(store, onMistake);
  try {
    let sent = 0;
    let until = 0;
    const send = async () => {
      while (sent < until) {
        const number = sent++;
        const payload = payloads.next();
        const answer = await collector.postPatiently(payload);
        again += answer.again;
        const known = (kinds[payload.kind] ??= {});
        known[answer.status] = (known[answer.status] ?? 0) + 1;
        if (!payload.statuses.includes(answer.status) || LEAK.test(answer.text)) {
          const { kind, headers, body } = payload;
          const begin = body.subarray(0, 300).toString('latin1');
          faults.push({ number, kind, headers, status: answer.status, answer: answer.text.slice(0, 500), begin });
        } else if (answer.status === 200) payload.count?.();
      }
    };
    for (let i = 1; i <= WEIGHINGS; i++) {
      until = Math.round((count * i) / WEIGHINGS);
      await Promise.all(Array.from({ length: CONNECTIONS }, send));
      weights.push(await collector.weigh());
    }
    const sums = await sumsOf(collector);
    await collector.stop();
    collector = await WeighedCollector.start(store, onMistake);
    const restarted = await sumsOf(collector);
    return {
      payloads: sent,
      again,
      seconds: (performance.now() - startedAt) / 1000,
      kinds,
      faults,
      weights,
      wrongSums: [
        ...differences(honest, sums),
        ...differences(honest, restarted).map((each) => `after a restart: ${each}`),
      ],
      honest: {
        requests: [...honest.requests.values()].reduce((sum, each) => sum + each, 0),
        occurrences: [...honest.occurrences.values()].reduce((sum, each) => sum + each, 0),
      },
      dropped: sums.dropped,
    };
  } finally {
    await collector.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What an answer must never say: where the collector's code lies. */
const LEAK = /node_modules|\.js:\d|file:\/\//;

/** What it says of the honest ones. */
async function sumsOf(collector) {
  const odd = [];
  const json = async (path) => {
    const text = await collector.get(path);
    // JSON turns what is not a number into null.
    for (const [found] of text.matchAll(/"\w+(?:Ms|Bytes|Count|Share)":(?:null|-\d+)/g)) odd.push(`${path}: ${found}`);
    return JSON.parse(text);
  };
  const { views } = await json('api/v1/views');
  const { dropped } = await json('api/v1/overview');
  const ready = await json('readyz');
  await json('api/v1/instances');
  const requests = new Map();
  for (const { service, requests: each } of views) requests.set(service, (requests.get(service) ?? 0) + each);
  const busy = new Map();
  const metrics = await collector.get('metrics');
  for (const [line] of metrics.matchAll(/^holdup_.* (?:NaN|Nan|-\S+)$/gm)) odd.push(line);
  for (const [, what, service, value] of metrics.matchAll(BUSY)) {
    const known = busy.get(service) ?? { count: 0, sum: 0 };
    busy.set(service, { ...known, [what]: known[what] + Number(value) });
  }
  const occurrences = new Map();
  for (const service of new Set([...requests.keys()].filter((each) => each.startsWith('honest-')))) {
    const { incidents } = await json(`api/v1/incidents?limit=500&service=${service}`);
    for (const { fingerprint, count } of incidents) {
      occurrences.set(fingerprint, (occurrences.get(fingerprint) ?? 0) + count);
    }
  }
  return { ready: ready.status, odd, requests, busy, occurrences, dropped };
}

const BUSY = /^holdup_request_busy_duration_seconds_(count|sum)\{.*?service="(honest-\d+)".*?\} (\S+)$/gm;

function differences(honest, sums) {
  const wrong = sums.odd.slice(0, 20);
  if (sums.ready !== 'ready') wrong.push(`readyz says ${sums.ready}`);
  for (const [service, requests] of honest.requests) {
    if (sums.requests.get(service) !== requests) {
      wrong.push(`${service}: ${sums.requests.get(service)} requests, not ${requests}`);
    }
    const [told, truth] = [sums.busy.get(service), honest.busy.get(service)];
    // Counts are exact; sums of fractions depend on their order in the last digits.
    if (told?.count !== truth.count || Math.abs(told.sum - truth.sum) > truth.sum * 1e-9) {
      wrong.push(`${service}: busy ${JSON.stringify(told)}, not ${JSON.stringify(truth)}`);
    }
  }
  for (const [fingerprint, count] of honest.occurrences) {
    if (sums.occurrences.get(fingerprint) !== count) {
      wrong.push(`${fingerprint}: ${sums.occurrences.get(fingerprint)} occurrences, not ${count}`);
    }
  }
  return wrong;
}
