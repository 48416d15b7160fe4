import { describe, expect, test } from 'vitest';
import { type Judgement, mixedLoad } from '../../bench/attribution/mixed-load.mjs';
import { NODES } from '../support/child.js';

const percent = (share: number) => (Number.isNaN(share) ? '–' : `${(share * 100).toFixed(1)} %`);
const told = ({ blocks, truthMs, rightShare, wrongShare, placeShare, places }: Judgement) =>
  [
    `${blocks} blocks, ${Math.round(truthMs)} ms`,
    `on the right view ${percent(rightShare)} (bar: 99 %), on a wrong one ${percent(wrongShare)} (0 %)`,
    `right function and line ${percent(placeShare)} of ${places} blocks of 100 ms and more (95 %)`,
  ].join('; ');

describe.each(NODES.filter(({ version }) => version === '20' || version === '24'))('on Node $version', (node) => {
  const options = { timeout: 60_000, retry: 2 };
  test(
    'gives blocked time to the view and the line that held the loop, under 200 concurrent requests',
    options,
    async () => {
      const result = await mixedLoad({ node: node.path, durations: [20, 60, 120, 250], long: [1500] });
      console.log(
        [
          `Node ${node.version}: ${told(result.all)}`,
          `where the machine gave it time: ${told(result.calm)}`,
          `coverage as the collector tells it ${percent(result.collectorCoverage)}`,
          `the machine took ${Math.round(result.starvedMs)} ms more`,
          ...result.misses.map((miss) => `  ${miss}`),
        ].join('\n'),
      );
      // The bars are for a machine that has time; what is asserted bears one that is shared.
      const { blocks, rightShare, wrongShare, placeShare } = result.all;
      expect(blocks).toBeGreaterThan(5);
      expect(wrongShare).toBeLessThan(0.02);
      expect(rightShare).toBeGreaterThan(0.95);
      expect(placeShare).toBeGreaterThan(0.8);
      expect(result.collectorCoverage).toBeGreaterThan(0.9);
    },
  );
});
