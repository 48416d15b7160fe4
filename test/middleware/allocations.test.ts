import { expect, test } from 'vitest';
import { bytesOfRequest } from '../../bench/allocations/bytes-of-request.mjs';
import { NODES } from '../support/child.js';

/** The view run, what Node publishes of the request, and the context that AsyncLocalStorage itself makes: 600 today. */
const MOST_ADDED_BYTES = 800;

// Before Node 24, what V8 allocates for properties it does not find hides the rest.
test.each(NODES.filter(({ version }) => Number(version) >= 24))(
  'on Node $version, adds no more to what a request allocates than the view run and its context',
  async ({ path }) => {
    const bare = await bytesOfRequest(path, 'bare');
    const holdup = await bytesOfRequest(path, 'holdup');
    console.log(`Node: ${Math.round(bare)} bytes a request, ${Math.round(holdup - bare)} more with Holdup`);
    expect(holdup - bare).toBeLessThan(MOST_ADDED_BYTES);
  },
);
