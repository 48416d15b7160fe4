// Starts the shop: worker processes on one port (what `gunicorn -w 2` is to Django), and customers for them.
import { fork } from 'node:child_process';
import cluster from 'node:cluster';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { host, preferredPort, requestsPerSecond, workerCount } from './settings.js';
import { stockTheShelves } from './stock.js';

/** A worker that ends sooner than this after its start would only do so again. */
const SHORTEST_LIFE_MS = 5000;
/** Requests in flight may end; then whoever is still there is ended. */
const STOP_AFTER_MS = 3000;

let stopping = false;
let customers = null;

stockTheShelves();
const port = await freePort(preferredPort);
cluster.setupPrimary({ exec: fileURLToPath(new URL('./worker.js', import.meta.url)) });
for (let i = 0; i < workerCount; i++) startWorker();
await once(cluster, 'listening');
console.log(`Bookshop: http://${host}:${port}`);
process.send?.({ type: 'listening', url: `http://${host}:${port}` });
if (requestsPerSecond > 0) sendCustomers();

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop(0));
// Whoever started the shop is gone, so the shop goes too.
process.on('disconnect', () => stop(0));

function startWorker() {
  const worker = cluster.fork({ OTEL_SERVICE_NAME: process.env.OTEL_SERVICE_NAME ?? 'bookshop', BOOKSHOP_PORT: port });
  const startedAtMs = performance.now();
  worker.on('exit', (code, signal) => {
    if (stopping) return;
    console.error(`Bookshop: worker ${worker.process.pid} ended (${signal ?? code}).`);
    if (performance.now() - startedAtMs > SHORTEST_LIFE_MS) startWorker();
    else stop(1);
  });
}

function sendCustomers() {
  customers = fork(new URL('./traffic.js', import.meta.url), [`http://${host}:${port}`, String(requestsPerSecond)]);
}

async function stop(exitCode) {
  if (stopping) return;
  stopping = true;
  customers?.kill();
  const workers = Object.values(cluster.workers);
  const ended = Promise.all(workers.map((worker) => once(worker, 'exit')));
  for (const worker of workers) worker.disconnect();
  const late = setTimeout(() => {
    for (const worker of workers.filter((each) => !each.isDead())) {
      console.error(`Bookshop: worker ${worker.process.pid} did not end by itself.`);
      worker.process.kill('SIGKILL');
    }
  }, STOP_AFTER_MS);
  await ended;
  clearTimeout(late);
  process.exit(exitCode);
}

/** The port, or the first free one of the twenty after it. */
async function freePort(first) {
  for (let candidate = first; candidate <= first + 20; candidate++) {
    const probe = createServer();
    const free = await new Promise((resolve) => {
      probe.once('error', () => resolve(false));
      probe.listen(candidate, host, () => resolve(true));
    });
    if (!free) continue;
    const { port: found } = probe.address();
    await new Promise((resolve) => probe.close(resolve));
    return found;
  }
  throw new Error(`Bookshop: no free port from ${first} to ${first + 20}; set BOOKSHOP_PORT to another.`);
}
