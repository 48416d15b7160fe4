import fc from 'fast-check';
import {
  decodeLogs,
  decodeResponse,
  encodeLogs,
  encodeMetrics,
  encodeResponse,
  fromOtlpLogs,
  fromOtlpMetrics,
  Histogram,
  MetricsProtobufReader,
  toOtlpLogs,
  toOtlpMetrics,
} from 'holdup/protocol';
import { describe, expect, test } from 'vitest';
import { incidentBatch, report, spoiled } from './arbitraries.js';

/** What a body is after its travel. */
function sent<T>(body: T): T {
  return JSON.parse(JSON.stringify(body)) as T;
}

describe('a report as OTLP metrics', () => {
  test('comes back as it was sent', () => {
    fc.assert(
      fc.property(report, (each) => {
        expect(fromOtlpMetrics(sent(toOtlpMetrics(each)))).toEqual({ reports: [each], ignoredPoints: 0 });
      }),
    );
  });

  test('several in one body, as an OpenTelemetry Collector batches them, come back in order', () => {
    fc.assert(
      fc.property(fc.array(report, { maxLength: 3 }), (reports) => {
        const resourceMetrics = reports.flatMap((each) => toOtlpMetrics(each).resourceMetrics ?? []);
        expect(fromOtlpMetrics(sent({ resourceMetrics })).reports).toEqual(reports);
      }),
      { numRuns: 30 },
    );
  });

  test('leaves aside and counts the points of other scopes', () => {
    const body = {
      resourceMetrics: [
        {
          resource: { attributes: [{ key: 'service.instance.id', value: { stringValue: 'a' } }] },
          scopeMetrics: [
            {
              scope: { name: 'somebody-else' },
              metrics: [{ name: 'http.server.active_requests', sum: { dataPoints: [{ asInt: '1' }, { asInt: '2' }] } }],
            },
          ],
        },
      ],
    };
    expect(fromOtlpMetrics(body)).toEqual({ reports: [], ignoredPoints: 2 });
  });
});

/** Protobuf's texts are UTF-8, which has no half surrogate pairs. */
function wellFormed<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_key, each) =>
    typeof each === 'string' ? Buffer.from(each).toString() : each,
  ) as T;
}

describe('in protobuf', () => {
  test('a report says what it says in JSON, also to a reader that has read others', () => {
    const reader = new MetricsProtobufReader();
    fc.assert(
      fc.property(report, (each) => {
        const body = wellFormed(toOtlpMetrics(each));
        expect(reader.read(encodeMetrics(body))).toEqual(fromOtlpMetrics(body));
      }),
    );
  });

  test('several reports in one body come back in order', () => {
    fc.assert(
      fc.property(fc.array(report, { maxLength: 3 }), (reports) => {
        const body = wellFormed({
          resourceMetrics: reports.flatMap((each) => toOtlpMetrics(each).resourceMetrics ?? []),
        });
        expect(new MetricsProtobufReader().read(encodeMetrics(body))).toEqual(fromOtlpMetrics(body));
      }),
      { numRuns: 30 },
    );
  });

  test.each([
    ['backwards', (fields: readonly Field[]) => [...fields].reverse()],
    [
      'with the first one last, so that attributes are in two places',
      ([first, ...rest]: readonly Field[]) => [...rest, first],
    ],
  ])('fields may come %s', (_how, order) => {
    fc.assert(
      fc.property(report, (each) => {
        const views = each.views.slice(0, 1).map((view) => ({ ...view, operations: [], blocks: [] }));
        const body = wellFormed(toOtlpMetrics({ ...each, views, gc: [], dropped: [] }));
        const bytes = reordered(encodeMetrics(body), REQUEST, order as Order);
        expect(new MetricsProtobufReader().read(bytes)).toEqual(fromOtlpMetrics(body));
      }),
      { numRuns: 50 },
    );
  });

  test('incidents say what they say in JSON', () => {
    fc.assert(
      fc.property(incidentBatch, (batch) => {
        const body = wellFormed(toOtlpLogs(batch));
        expect(fromOtlpLogs(decodeLogs(encodeLogs(body)))).toEqual(fromOtlpLogs(body));
      }),
    );
  });

  test('a partial success comes back as it was sent', () => {
    for (const each of [
      { rejected: 0, errorMessage: '' },
      { rejected: 0, errorMessage: 'a hint' },
      { rejected: 2 ** 40, errorMessage: 'zu viel für uns' },
    ]) {
      expect(decodeResponse(encodeResponse(each))).toEqual(each);
    }
  });

  test('whatever bytes come, the readers answer or throw a RangeError', () => {
    const reader = new MetricsProtobufReader();
    const bytes = fc
      .tuple(report, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 4 }), fc.nat())
      .map(([each, changes, length]) => {
        const body = encodeMetrics(wellFormed(toOtlpMetrics(each)));
        for (const [at, byte] of changes) body[at % body.length] = byte;
        return body.subarray(0, length % 3 === 0 ? length % body.length : body.length);
      });
    fc.assert(
      fc.property(bytes, (body) => {
        for (const read of [() => reader.read(body), () => decodeLogs(body), () => decodeResponse(body)]) {
          try {
            read();
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('incidents as OTLP logs', () => {
  test('come back as they were sent', () => {
    fc.assert(
      fc.property(incidentBatch, (batch) => {
        expect(fromOtlpLogs(sent(toOtlpLogs(batch)))).toEqual({ batches: [batch], ignoredRecords: 0 });
      }),
    );
  });

  test('are a warning when reported and an error when thrown', () => {
    fc.assert(
      fc.property(incidentBatch, (batch) => {
        const records = toOtlpLogs(batch).resourceLogs?.[0]?.scopeLogs?.[0]?.logRecords ?? [];
        expect(records.map((record) => record.severityText)).toEqual(
          batch.incidents.map((incident) => (incident.thrownCount > 0 ? 'ERROR' : 'WARN')),
        );
      }),
      { numRuns: 30 },
    );
  });
});

describe('a hostile sender', () => {
  test('cannot make the readers throw with any JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        expect(fromOtlpMetrics(body as never).reports).toEqual([]);
        expect(fromOtlpLogs(body as never).batches).toEqual([]);
      }),
    );
  });

  test('cannot make them throw with a report that is spoiled somewhere', () => {
    fc.assert(
      fc.property(spoiled(report.map(toOtlpMetrics)), (body) => {
        for (const each of fromOtlpMetrics(body as never).reports) {
          for (const view of each.views) expect(typeof view.view.route).toBe('string');
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('cannot make them throw with incidents that are spoiled somewhere', () => {
    fc.assert(
      fc.property(spoiled(incidentBatch.map(toOtlpLogs)), (body) => {
        for (const { incidents } of fromOtlpLogs(body as never).batches) {
          for (const incident of incidents) expect(Number.isFinite(incident.totalMs)).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('cannot make a histogram that grows beyond bounds when it is merged', () => {
    const hostile = fc.record({
      scale: fc.oneof(fc.integer(), fc.integer({ min: -11, max: 21 }), fc.double()),
      offset: fc.oneof(fc.integer(), fc.constantFrom(2 ** 31 - 1, -(2 ** 31), 1e300), fc.double()),
      counts: fc.array(fc.oneof(fc.integer(), fc.constant(1)), { maxLength: 5 }),
    });
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 2, maxLength: 4 }), (histograms) => {
        const merged = new Histogram();
        merged.record(0.1);
        for (const { scale, offset, counts } of histograms) {
          const point = { count: '7', sum: 1, scale, positive: { offset, bucketCounts: counts.map(String) } };
          const read = fromOtlpMetrics(withLoopDelay(point)).reports[0]?.loop.delay;
          expect(read).toBeDefined();
          if (read !== undefined) merged.merge(read);
        }
        expect(merged.data().counts.length).toBeLessThanOrEqual(320);
        expect(merged.data().counts.every((count) => count >= 0)).toBe(true);
      }),
    );
  });

  test('cannot reach a prototype through an attribute', () => {
    const attributes = [
      { key: '__proto__', value: { kvlistValue: { values: [{ key: 'polluted', value: { boolValue: true } }] } } },
    ];
    const body = withLoopDelay({ attributes, count: '0' });
    fromOtlpMetrics(body);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

function withLoopDelay(point: object) {
  return {
    resourceMetrics: [
      {
        resource: { attributes: [{ key: 'service.instance.id', value: { stringValue: 'a' } }] },
        scopeMetrics: [
          {
            scope: { name: 'holdup' },
            metrics: [{ name: 'holdup.eventloop.delay', exponentialHistogram: { dataPoints: [point] } }],
          },
        ],
      },
    ],
  };
}

/** A field as its bytes, its tag included. */
type Field = readonly number[];
type Order = (fields: readonly Field[]) => readonly (Field | undefined)[];
/** The messages in a message, by the number of their field. */
interface Messages {
  readonly [field: number]: Messages;
}
const DATA = { 1: {} };
const REQUEST: Messages = { 1: { 1: {}, 2: { 1: {}, 2: { 5: DATA, 7: DATA, 10: DATA } } } };

/** The same message, its fields and those of the messages in it in another order. */
function reordered(bytes: Uint8Array, messages: Messages, order: Order): Uint8Array {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++] as number;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const from = at;
    const tag = varint();
    const inner = messages[tag >> 3];
    if ((tag & 7) !== 2) {
      if ((tag & 7) === 1) at += 8;
      else varint();
      fields.push([...bytes.subarray(from, at)]);
      continue;
    }
    const length = varint();
    const content = bytes.subarray(at, at + length);
    fields.push(
      inner === undefined ? [...bytes.subarray(from, at), ...content] : wrapped(tag, reordered(content, inner, order)),
    );
    at += length;
  }
  return new Uint8Array(order(fields).flatMap((field) => field ?? []));
}

function wrapped(tag: number, content: Uint8Array): Field {
  const length: number[] = [];
  for (let rest = content.length; ; rest = Math.floor(rest / 128)) {
    length.push(rest > 127 ? (rest % 128) + 128 : rest);
    if (rest <= 127) return [tag, ...length, ...content];
  }
}
