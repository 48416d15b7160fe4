// A child of the fuzz bench, under `node --expose-gc`: a collector that says over IPC what it weighs.
import { startCollector } from 'holdup/collector';

const log = {
  info: () => {},
  warn: () => {},
  error: ({ err } = {}) => process.send({ mistake: err instanceof Error ? `${err.stack}` : String(err) }),
};
const collector = await startCollector({ port: 0, store: process.argv[2], log });
process.on('message', async ({ ask }) => {
  if (ask === 'usage') {
    // Twice: what the first frees may hold more.
    for (let i = 0; i < 2; i++) globalThis.gc();
    const { rss, heapUsed, external } = process.memoryUsage();
    process.send({ rss, heapUsed, external, pollution: pollution() });
  } else if (ask === 'stop') {
    await collector.stop();
    process.disconnect();
  }
});
process.send({ url: collector.url });

const known = new Set(Reflect.ownKeys(Object.prototype));

/** What somebody has put where every object finds it. */
function pollution() {
  return Reflect.ownKeys(Object.prototype)
    .filter((key) => !known.has(key))
    .map(String);
}
