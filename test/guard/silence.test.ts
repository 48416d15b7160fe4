import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Child, NODES } from '../support/child.js';

test.each(NODES)(
  'a warmed Express app in production reports nothing in 1,000 requests on Node $version',
  async ({ path }) => {
    const fixture = fileURLToPath(new URL('./fixtures/silence.mjs', import.meta.url));
    const child = new Child(fixture, { node: path, env: { NODE_ENV: 'production' } });
    expect(await child.exited, child.stderr).toBe(0);
    expect(JSON.parse(child.stdout)).toEqual({ atStart: [], steady: [] });
  },
);
