import fc from 'fast-check';
import {
  DEFAULT_SCALE,
  EMPTY_HISTOGRAM,
  Histogram,
  type HistogramData,
  MAX_BUCKETS,
  mergeHistograms,
  powerOfTwoBuckets,
  quantile,
} from 'holdup/protocol';
import { describe, expect, test } from 'vitest';
import { recorded, seconds } from './arbitraries.js';

const values = fc.array(seconds, { maxLength: 200 });
const scale = fc.integer({ min: -4, max: DEFAULT_SCALE });

/** How many values a histogram's buckets hold, the empty one for zeros included. */
function held(data: HistogramData): number {
  return data.counts.reduce((sum, each) => sum + each, data.zeroCount);
}

function expectSameCounts(actual: HistogramData, expected: HistogramData): void {
  const { sum, ...counted } = actual;
  const { sum: expectedSum, ...expectedCounted } = expected;
  expect(counted).toEqual(expectedCounted);
  expect(Math.abs(sum - expectedSum)).toBeLessThanOrEqual(1e-9 * Math.abs(expectedSum));
}

describe('Histogram', () => {
  test('merging several equals recording all values in one', () => {
    fc.assert(
      fc.property(fc.array(values, { maxLength: 5 }), (parts) => {
        const merged = mergeHistograms(parts.map((part) => recorded(part).data()));
        expectSameCounts(merged, recorded(parts.flat()).data());
      }),
    );
  });

  test('merging at different scales equals recording at the coarsest', () => {
    fc.assert(
      fc.property(values, scale, values, scale, (left, leftScale, right, rightScale) => {
        fc.pre(left.some((value) => value > 0) && right.some((value) => value > 0));
        const merged = mergeHistograms([recorded(left, leftScale).data(), recorded(right, rightScale).data()]);
        // What each part's own range made of its scale counts too.
        const coarsest = Math.min(recorded(left, leftScale).data().scale, recorded(right, rightScale).data().scale);
        const together = recorded([...left, ...right], coarsest).data();
        fc.pre(together.scale === merged.scale);
        expectSameCounts(merged, together);
      }),
    );
  });

  test('the order of merging does not matter', () => {
    fc.assert(
      fc.property(values, values, values, (a, b, c) => {
        const [first, second, third] = [a, b, c].map((part) => recorded(part).data()) as [
          HistogramData,
          HistogramData,
          HistogramData,
        ];
        expectSameCounts(
          mergeHistograms([mergeHistograms([first, second]), third]),
          mergeHistograms([third, mergeHistograms([second, first])]),
        );
      }),
    );
  });

  test('loses no value when its range makes it halve its resolution', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 5e-324, noNaN: true, max: Number.MAX_VALUE }), { maxLength: 50 }),
        (wide) => {
          const data = recorded(wide).data();
          expect(held(data)).toBe(wide.length);
          expect(data.count).toBe(wide.length);
          expect(data.counts.length).toBeLessThanOrEqual(MAX_BUCKETS);
        },
      ),
    );
  });

  test('counts what is no duration as zero, and stays usable', () => {
    const data = recorded([Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 2]).data();
    expect(data).toMatchObject({ count: 5, zeroCount: 4, sum: 2, min: 0, max: 2 });
    expect(quantile(data, 1)).toBe(2);
  });

  test('one value recorded several times equals several values', () => {
    fc.assert(
      fc.property(seconds, fc.integer({ min: 1, max: 50 }), (value, times) => {
        const histogram = new Histogram();
        histogram.record(value, times);
        expectSameCounts(histogram.data(), recorded(Array(times).fill(value)).data());
      }),
    );
  });

  test('taking hands over everything and starts again', () => {
    fc.assert(
      fc.property(values, values, (before, after) => {
        const histogram = recorded(before);
        expectSameCounts(histogram.take(), recorded(before).data());
        expect(histogram.data()).toEqual({ ...EMPTY_HISTOGRAM, scale: histogram.data().scale });
        for (const value of after) histogram.record(value);
        expect(held(histogram.data())).toBe(after.length);
      }),
    );
  });
});

describe('quantile', () => {
  test('is off by no more than one bucket, which is base − 1', () => {
    fc.assert(
      fc.property(
        fc.array(seconds, { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (all, q) => {
          const data = recorded(all).data();
          const rank = Math.max(1, Math.ceil(q * all.length));
          const exact = Math.max(0, [...all].sort((a, b) => a - b)[rank - 1] as number);
          const base = 2 ** (2 ** -data.scale);
          const estimate = quantile(data, q);
          expect(estimate).toBeGreaterThanOrEqual((exact / base) * (1 - 1e-9));
          expect(estimate).toBeLessThanOrEqual(exact * base * (1 + 1e-9));
        },
      ),
    );
  });

  test('lies between the smallest and the largest value, and grows with the share', () => {
    fc.assert(
      fc.property(fc.array(seconds, { minLength: 1 }), (all) => {
        const data = recorded(all).data();
        const estimates = [0, 0.25, 0.5, 0.9, 0.99, 1].map((q) => quantile(data, q));
        expect(estimates).toEqual([...estimates].sort((a, b) => a - b));
        expect(estimates[0]).toBeGreaterThanOrEqual(data.min);
        expect(estimates.at(-1)).toBe(data.max);
      }),
    );
  });

  test('is 0 when there are no values', () => {
    expect(quantile(EMPTY_HISTOGRAM, 0.99)).toBe(0);
  });
});

describe('powerOfTwoBuckets', () => {
  /** A power of two itself, or a value clear of one: a logarithm cannot tell apart what is closer than that. */
  const clearOfBoundaries = fc.double({ min: 2 ** -14, max: 2 ** 8, noNaN: true }).map((value) => {
    const nearest = 2 ** Math.round(Math.log2(value));
    return Math.abs(value / nearest - 1) < 1e-12 ? nearest : value;
  });

  test('counts exactly as many values at or below each boundary as there are', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(clearOfBoundaries, fc.constant(0)), { maxLength: 200 }), (all) => {
        const data = recorded(all).data();
        expect(data.scale).toBeGreaterThanOrEqual(0);
        const expected = [];
        for (let exponent = -11; exponent <= 5; exponent++) {
          const le = 2 ** exponent;
          expected.push({ le, count: all.filter((value) => value <= le).length });
        }
        expect(powerOfTwoBuckets(data, -11, 5)).toEqual(expected);
      }),
    );
  });
});
