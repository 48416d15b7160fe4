import { Histogram, quantile } from 'holdup/protocol';
import { expect, test } from 'vitest';

test('the published protocol entry point resolves to the built package', () => {
  const histogram = new Histogram();
  histogram.record(0.5);
  expect(quantile(histogram.data(), 0.5)).toBe(0.5);
});
