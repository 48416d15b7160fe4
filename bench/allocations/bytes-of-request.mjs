import { fileURLToPath } from 'node:url';
import { Child } from '../lib/child.mjs';
import { SERVER_CORE } from '../lib/machine.mjs';

const APP = fileURLToPath(new URL('./app.mjs', import.meta.url));

/** Nothing is collected while it is measured. Megabytes. */
const YOUNG_GENERATION = '--min-semi-space-size=64';

/** What one request allocates in an app under a variant of `bench/apps/under.mjs`. */
export async function bytesOfRequest(program, variant) {
  const child = await Child.start(program, [YOUNG_GENERATION, APP], {
    core: SERVER_CORE,
    env: { NODE_ENV: 'production', HOLDUP_COLLECTOR: 'false', VARIANT: variant },
  });
  try {
    return (await child.ask({ ask: 'bytes' })).bytes;
  } finally {
    await child.stop();
  }
}
