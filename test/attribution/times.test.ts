import { describe, expect, test } from 'vitest';
import { type BusyTime, busyTime, type DelayedTime, delayedTime } from '../../bench/attribution/times.mjs';
import { NODES } from '../support/child.js';

const off = (ratio: number) => `${ratio < 1 ? '' : '+'}${((ratio - 1) * 100).toFixed(1)} %`;
const busy = ({ ofOwn, ofActive, samplingRatio }: BusyTime) =>
  `${off(ofOwn)} of the app's own clock, ${off(ofActive)} of the loop's active time, measured in ${(samplingRatio * 100).toFixed(0)} % of it`;
const delayed = ({ requests, losing, lostMs, heldMs, delayedMs }: DelayedTime) =>
  `${losing} of ${requests} requests took ${Math.round(lostMs)} ms longer and found the loop held for ${Math.round(heldMs)} ms; Holdup says ${Math.round(delayedMs)} ms: ${off(delayedMs / lostMs)} and ${off(delayedMs / heldMs)} (bar: 10 %)`;

// Real clocks on a machine that others use too.
const options = { timeout: 60_000, retry: 2 };

describe.each(NODES.filter(({ version }) => version === '20' || version === '24'))('on Node $version', (node) => {
  test('counts as busy what views compute after an await, and no more than the loop was active', options, async () => {
    const exact = await busyTime({ node: node.path, accounting: 'exact', seconds: 4 });
    console.log(`Node ${node.version}: exact busy time is ${busy(exact)} (bar: between the two, or 2 % off)`);
    expect(exact.ofOwn).toBeGreaterThan(0.98);
    expect(exact.ofActive).toBeLessThan(1.02);
    expect(exact.samplingRatio).toBe(1);
  });

  test('measures everything by default while that costs next to nothing', options, async () => {
    const windowed = await busyTime({ node: node.path, accounting: 'windowed', seconds: 4, load: 'bimodal' });
    console.log(`Node ${node.version}: windowed busy time of small and large holds is ${busy(windowed)} over 4 s`);
    expect(windowed.ofOwn).toBeGreaterThan(0.9);
    expect(windowed.ofActive).toBeLessThan(1.1);
  });

  test('measures a part of the time when awaits are many, and scales it', options, async () => {
    const windowed = await busyTime({ node: node.path, accounting: 'windowed', seconds: 5, load: 'dense' });
    console.log(`Node ${node.version}: windowed busy time under many awaits is ${busy(windowed)} over 5 s`);
    expect(windowed.ofOwn).toBeGreaterThan(0.6);
    expect(windowed.ofActive).toBeLessThan(1.5);
    expect(windowed.samplingRatio).toBeLessThan(0.8);
  });

  test('tells how long requests in flight waited, as the load generator measures it', options, async () => {
    const closed = await delayedTime({ node: node.path, arrivals: 'closed', seconds: 4.5 });
    console.log(`Node ${node.version}: ${delayed(closed)}`);
    expect(closed.delayedMs / closed.heldMs).toBeGreaterThan(0.85);
    expect(closed.delayedMs / closed.heldMs).toBeLessThan(1.15);
    expect(closed.waitMs / closed.delayedMs).toBeGreaterThan(0.9);
  });

  test.each(['open', 'new'] as const)(
    'counts requests that came while the loop was held, of which the process knew nothing (%s connections)',
    options,
    async (arrivals) => {
      const came = await delayedTime({ node: node.path, arrivals, seconds: 4.5 });
      console.log(`Node ${node.version}, ${arrivals} connections: ${delayed(came)}`);
      expect(came.delayedMs / came.heldMs).toBeGreaterThan(0.7);
      expect(came.delayedMs / came.heldMs).toBeLessThan(1.3);
    },
  );
});
