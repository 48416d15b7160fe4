import fc from 'fast-check';
import {
  BLOCK_OPERATION,
  Histogram,
  type HistogramData,
  type IncidentBatch,
  type IncidentDelta,
  type Instance,
  type Report,
  type Site,
  type View,
} from 'holdup/protocol';

/** Any text a route, a path or a function name could hold, also what tries to be something else. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('', '__proto__', 'constructor', 'toString', '\ud800', '\udfff', '\u0000', '"\\', '</script>'),
);

/** A duration in seconds: nothing to about three years, and now and then a clock that stepped back. */
export const seconds = fc.oneof(
  fc.double({ min: 1e-9, max: 1e8, noNaN: true }),
  fc.double({ min: 1e-4, max: 10, noNaN: true }),
  fc.constantFrom(0, -1, 2 ** -10, 0.5, 1, 2, 4, 1024),
);

const count = fc.nat({ max: 2 ** 31 });
const amount = fc.double({ min: 0, max: 1e12, noNaN: true }).map((value) => value + 0);
/** Epoch milliseconds with a clock's microseconds, until the year 2039. */
const epochMs = fc.integer({ min: 1, max: 2.2e15 }).map((micros) => micros / 1000);

const histogramData: fc.Arbitrary<HistogramData> = fc
  .array(seconds, { maxLength: 40 })
  .map((values) => recorded(values).data());

export function recorded(values: Iterable<number>, scale?: number): Histogram {
  const histogram = new Histogram(scale);
  for (const value of values) histogram.record(value);
  return histogram;
}

const view: fc.Arbitrary<View> = fc.record({
  method: text,
  route: text,
  handler: text,
  kind: fc.constantFrom('async', 'sync'),
});

const instance: fc.Arbitrary<Instance> = fc.record({
  id: text.filter((id) => id !== ''),
  service: text,
  serviceVersion: text,
  host: text,
  pid: count,
  nodeVersion: text,
  role: text,
});

const cause = fc.constantFrom('code', 'gc', 'host');
const filledHistogram = histogramData.filter((data) => data.count > 0);

export const report: fc.Arbitrary<Report> = fc
  .record({
    instance,
    sequence: count,
    startMs: epochMs,
    endMs: epochMs,
    views: fc.uniqueArray(
      fc.record({
        view,
        active: count,
        activePeak: count,
        duration: histogramData,
        busy: histogramData,
        wait: histogramData,
        operations: fc.array(fc.record({ operation: text, duration: filledHistogram }), { maxLength: 3 }),
        blocks: fc.array(fc.record({ cause, duration: filledHistogram }), { maxLength: 3 }),
      }),
      { maxLength: 4, selector: ({ view }) => JSON.stringify(view) },
    ),
    loop: fc.record({
      delay: histogramData,
      utilization: fc.double({ min: 0, max: 1, noNaN: true }),
      activeSeconds: amount,
      idleSeconds: amount,
      blockedSeconds: amount,
      attributedSeconds: amount,
      blocked: fc.option(fc.record({ forSeconds: amount, view: fc.option(view.filter(({ route }) => route !== '')) })),
    }),
    gc: fc.array(fc.record({ type: text, duration: filledHistogram }), { maxLength: 3 }),
    memory: fc.record({ rssBytes: count, heapUsedBytes: count }),
    observer: fc.record({ busySeconds: amount, samplingRatio: fc.double({ min: 0, max: 1, noNaN: true }) }),
    dropped: fc.array(fc.record({ what: text, count }), { maxLength: 3 }),
    goodbye: fc.option(fc.constant(true as const)),
  })
  .map(({ goodbye, ...each }) => (goodbye === null ? each : { ...each, goodbye }) as Report);

const site: fc.Arbitrary<Site> = fc.record({ function: text, file: text, line: count, column: count });

const incident: fc.Arbitrary<IncidentDelta> = fc
  .record({
    fingerprint: text.filter((fingerprint) => fingerprint !== ''),
    kind: fc.constantFrom('sync-only', 'block'),
    operation: fc.oneof(text, fc.constant(BLOCK_OPERATION)),
    category: fc.constantFrom('file', 'crypto', 'module loading', 'code'),
    cause,
    view,
    site,
    owner: text,
    alternative: text,
    allowed: text,
    count,
    coldCount: count,
    thrownCount: count,
    totalMs: amount,
    maxMs: amount,
    delayedRequests: count,
    delayedMs: amount,
    lastSeen: epochMs,
    samples: fc.array(
      fc.record(
        {
          at: epochMs,
          durationMs: amount,
          stack: fc.array(fc.record({ function: text, file: text, line: count, column: count, inApp: fc.boolean() }), {
            maxLength: 3,
          }),
          delayed: fc.array(fc.record({ method: text, route: text, delayedMs: amount, startOffsetMs: fc.integer() }), {
            maxLength: 3,
          }),
          traceId: fc.constantFrom('', '0af7651916cd43dd8448eb211c80319c'),
          note: fc.constantFrom('200 × fs.statSync (95 ms)', '__proto__', '\ud800'),
        },
        { requiredKeys: ['at', 'durationMs', 'stack', 'delayed', 'traceId'] },
      ),
      { maxLength: 3 },
    ),
    blocks: fc.array(fc.record({ at: epochMs, durationMs: amount }), { maxLength: 3 }),
    codeFrame: fc.option(fc.record({ startLine: count, lines: fc.array(text, { maxLength: 5 }) })),
  })
  .map((each) => each as IncidentDelta);

export const incidentBatch: fc.Arbitrary<IncidentBatch> = fc.record({
  instance,
  sequence: count,
  incidents: fc.array(incident, { maxLength: 4 }),
});

/** A valid body in which something, anywhere, was replaced by any JSON value. */
export function spoiled(body: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .tuple(body, fc.array(fc.nat(), { minLength: 1, maxLength: 14 }), hostileValue)
    .map(([valid, path, value]) => replaced(JSON.parse(JSON.stringify(valid)), path, value));
}

const hostileValue = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(null, {}, [], [null], [[]], '', -1, 1e308, '9'.repeat(400), 2 ** 31, -(2 ** 31)),
  // An object that cannot be made a number or a text of.
  fc.constant({ toString: 1, valueOf: 2 }),
);

function replaced(node: unknown, path: readonly number[], value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof node !== 'object' || node === null) return value;
  const keys = Object.keys(node);
  const key = keys[step % keys.length];
  if (key === undefined) return value;
  const fields = node as Record<string, unknown>;
  fields[key] = replaced(fields[key], rest, value);
  return node;
}
