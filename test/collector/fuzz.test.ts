import { expect, test } from 'vitest';
import { fuzz } from '../../bench/fuzz/fuzz.mjs';

/** `npm run bench -- fuzz` sends 100,000. Another seed finds other things: HOLDUP_TEST_SEED=7 npx vitest run … */
const PAYLOADS = 3000;
const SEED = Number(process.env.HOLDUP_TEST_SEED ?? 1);

test(`answers ${PAYLOADS} honest, broken and hostile payloads rightly, and adds the honest ones up exactly`, async () => {
  const result = await fuzz({ payloads: PAYLOADS, seed: SEED });
  expect(result.faults).toEqual([]);
  expect(result.wrongSums).toEqual([]);
  expect(result.weights.flatMap(({ pollution }) => pollution)).toEqual([]);
  expect(result.honest.requests).toBeGreaterThan(PAYLOADS);
  expect(Object.keys(result.kinds).length).toBeGreaterThan(20);
  const last = result.weights.at(-1);
  expect((last?.heapUsed ?? Number.POSITIVE_INFINITY) + (last?.external ?? 0)).toBeLessThan(150e6);
  console.log(
    `${result.payloads} payloads in ${result.seconds.toFixed(1)} s, ${result.honest.requests} requests and ${result.honest.occurrences} occurrences exact, heap ${Math.round((last?.heapUsed ?? 0) / 1e6)} MB`,
  );
}, 180_000);
