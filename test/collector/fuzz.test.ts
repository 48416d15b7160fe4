import fc from 'fast-check';
import { type Collector, startCollector } from 'holdup/collector';
import { type Overview, toOtlpLogs, toOtlpMetrics } from 'holdup/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client, histogramOf, incidentOf, instanceOf, reportOf, sampleOf, viewReportOf } from './fixture.js';

let collector: Collector;
let client: Client;

beforeAll(async () => {
  collector = await startCollector({ port: 0 });
  client = new Client(collector);
});
afterAll(() => collector.stop());

const view = viewReportOf({
  active: 2,
  duration: histogramOf(0.1, 0.2),
  busy: histogramOf(0.1),
  operations: [{ operation: 'fs.readFileSync', duration: histogramOf(0.1) }],
  blocks: [{ cause: 'code', duration: histogramOf(0.1) }],
});
const valid = {
  'v1/metrics': toOtlpMetrics(reportOf({ sequence: 0, views: [view], dropped: [{ what: 'samples', count: 1 }] })),
  'v1/logs': toOtlpLogs({
    instance: instanceOf(),
    sequence: 0,
    incidents: [incidentOf({ samples: [sampleOf(100, 50)], blocks: [{ at: 1, durationMs: 60 }] })],
  }),
};

/** Values that are awkward somewhere. */
const hostile = fc.oneof(
  fc.constantFrom<unknown>(null, '', '__proto__', -1, 1e308, -1e308, 2 ** 53, '9223372036854775807', 'NaN', 'Infinity'),
  fc.integer(),
  fc.double(),
  fc.string({ unit: 'binary' }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Replaces one value, anywhere in the document. */
function withHostileValue(document: unknown, at: number, value: unknown): string {
  let left = at;
  return JSON.stringify(document, (_key, original) => (left-- === 0 ? value : original));
}

function sizeOf(document: unknown): number {
  let size = 0;
  JSON.stringify(document, (_key, value) => {
    size++;
    return value;
  });
  return size;
}

test.each(['v1/metrics', 'v1/logs'] as const)('no single hostile value in %s harms the collector', async (path) => {
  const document = valid[path];
  const places = fc.integer({ min: 0, max: sizeOf(document) - 1 });
  await fc.assert(
    fc.asyncProperty(places, hostile, async (at, value) => {
      const response = await client.post(path, withHostileValue(document, at, value));
      await response.arrayBuffer();
      expect([200, 400]).toContain(response.status);
    }),
    { numRuns: 400 },
  );
  for (const answer of ['api/v1/overview', 'api/v1/views', 'api/v1/incidents', 'api/v1/instances', 'metrics']) {
    const response = await client.get(answer);
    expect(response.status).toBe(200);
    // JSON turns what is not a number into null.
    if (answer.startsWith('api')) expect(await response.text()).not.toMatch(/"\w+Ms":null/);
    else expect(await response.text()).not.toMatch(/ (?:NaN|Nan|-\d)/);
  }
});

test('what is kept stays within its bounds', async () => {
  const overview = await client.json<Overview>('api/v1/overview');
  expect(overview.active).toBeGreaterThanOrEqual(0);
  for (const [what, count] of Object.entries(overview.dropped)) expect([what, count >= 0]).toEqual([what, true]);
});
