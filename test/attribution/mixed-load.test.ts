import { describe, expect, test } from 'vitest';
import { mixedLoad } from '../../bench/attribution/mixed-load.mjs';
import { NODES } from '../support/child.js';

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

describe.each(NODES.filter(({ version }) => version === '20' || version === '24'))('on Node $version', (node) => {
  const options = { timeout: 60_000, retry: 2 };
  test(
    'gives blocked time to the view and the line that held the loop, under 200 concurrent requests',
    options,
    async () => {
      const result = await mixedLoad({ node: node.path, durations: [20, 60, 120, 250], long: [1500] });
      console.log(
        [
          `Node ${node.version}: ${result.blocks} blocks, ${Math.round(result.truthMs)} ms`,
          `on the right view ${percent(result.viewShare)} (bar: 99 %), on a wrong one ${percent(result.wrongShare)}`,
          `right function and line ${percent(result.placeShare)} of ${result.places} blocks of 100 ms and more (bar: 95 %)`,
          `coverage as the collector tells it ${percent(result.collectorCoverage)}`,
          `the machine took ${Math.round(result.starvedMs)} ms more`,
          ...result.misses.map((miss) => `  ${miss}`),
        ].join('\n'),
      );
      // The bars are for a machine that has time; what is asserted bears one that is shared.
      expect(result.blocks).toBeGreaterThan(10);
      expect(result.wrongShare).toBeLessThan(0.02);
      expect(result.viewShare).toBeGreaterThan(0.95);
      expect(result.placeShare).toBeGreaterThan(0.8);
    },
  );
});
