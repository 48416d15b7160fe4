// What Holdup costs a process that does nothing: processor time a second, and memory, beside the same app without it.
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Child } from '../lib/child.mjs';
import { startCollector } from '../lib/collector.mjs';
import { SERVER_CORE } from '../lib/machine.mjs';

const APP = fileURLToPath(new URL('./idle-app.mjs', import.meta.url));

/** @returns per variant `{ cpuMsASecond, rssBytes }`, after a warm-up */
export async function idle({ node, seconds = 10, warmUpSeconds = 3 }) {
  const collector = await startCollector();
  try {
    const measured = {};
    for (const variant of ['bare', 'holdup']) {
      const env = { VARIANT: variant, HOLDUP_COLLECTOR: collector.url, NODE_ENV: 'production' };
      const child = await Child.start(node, ['--expose-gc', APP], { core: SERVER_CORE, env });
      for (let i = 0; i < 20; i++) await (await fetch(`http://127.0.0.1:${child.ready.port}/`)).text();
      await sleep(warmUpSeconds * 1000);
      const before = await child.ask({ ask: 'usage' });
      const fromMs = performance.now();
      await sleep(seconds * 1000);
      const after = await child.ask({ ask: 'usage' });
      const elapsedSeconds = (performance.now() - fromMs) / 1000;
      measured[variant] = { cpuMsASecond: (after.cpuMs - before.cpuMs) / elapsedSeconds, rssBytes: after.rssBytes };
      await child.stop();
    }
    return measured;
  } finally {
    await collector.stop();
  }
}
