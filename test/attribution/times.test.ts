import { describe, expect, test } from 'vitest';
import { busyTime, delayedTime } from '../../bench/attribution/times.mjs';
import { NODES } from '../support/child.js';

const percent = (ratio: number) => `${((ratio - 1) * 100).toFixed(1)} %`;

describe.each(NODES.filter(({ version }) => version === '20' || version === '24'))('on Node $version', (node) => {
  test('counts what a view computes after an await as its busy time', async () => {
    const exact = await busyTime({ node: node.path, accounting: 'exact', seconds: 4 });
    console.log(
      `Node ${node.version}: exact busy time is off by ${percent(exact.ratio)} (bar: 2 %, with the framework's own work)`,
    );
    // Express's own handling of the requests is in it too, and more so on a busy machine.
    expect(exact.ratio).toBeGreaterThan(0.98);
    expect(exact.ratio).toBeLessThan(1.2);
    expect(exact.samplingRatio).toBe(1);
  });

  test('measures a tenth of the time by default, and scales it', async () => {
    const windowed = await busyTime({ node: node.path, accounting: 'windowed', seconds: 6 });
    console.log(
      `Node ${node.version}: windowed busy time is off by ${percent(windowed.ratio)} over 6 s (bar: 10 % over 60 s), measured in ${(windowed.samplingRatio * 100).toFixed(0)} % of it`,
    );
    expect(windowed.ratio).toBeGreaterThan(0.5);
    expect(windowed.ratio).toBeLessThan(2);
    expect(windowed.samplingRatio).toBeLessThan(0.6);
  });

  test('tells how long requests waited, as the load generator measures it', async () => {
    const closed = await delayedTime({ node: node.path, arrivals: 'closed', seconds: 4 });
    console.log(
      `Node ${node.version}: ${closed.requests} requests lost ${Math.round(closed.lostMs)} ms; Holdup says ${Math.round(closed.delayedMs)} ms: off by ${percent(closed.delayedMs / closed.lostMs)} (bar: 10 %)`,
    );
    expect(closed.delayedMs / closed.lostMs).toBeGreaterThan(0.6);
    expect(closed.delayedMs / closed.lostMs).toBeLessThan(1.3);
    expect(closed.waitMs).toBeCloseTo(closed.delayedMs, -3);
  });

  test('counts requests that came while the loop was held, of which the process knew nothing', async () => {
    const open = await delayedTime({ node: node.path, arrivals: 'open', seconds: 4 });
    console.log(
      `Node ${node.version}: ${open.requests} requests at random moments lost ${Math.round(open.lostMs)} ms; Holdup says ${Math.round(open.delayedMs)} ms: off by ${percent(open.delayedMs / open.lostMs)}`,
    );
    expect(open.delayedMs / open.lostMs).toBeGreaterThan(0.3);
    expect(open.delayedMs / open.lostMs).toBeLessThan(1.5);
  });
});
