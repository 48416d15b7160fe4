// An Express app whose views hold the loop in four ways, for as long as it is let. Over IPC it answers
// `{ ask: 'state' }` by its memory after a full collection, its threads, its open files, and how many stacks were taken of
// it. On SIGTERM it closes its server and waits to end by itself.
import { pbkdf2Sync } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import { holdup } from 'holdup/express';

const app = express();
app.use(holdup());
app.get('/', (_request, response) => response.send('Hello World!'));
app.get('/waits', async (_request, response) => {
  for (let i = 0; i < 5; i++) await sleep(1);
  response.send('waited');
});
app.get('/block/loop', async (_request, response) => {
  await sleep(1);
  for (const fromMs = performance.now(); performance.now() - fromMs < 120; );
  response.send('looped');
});
app.get('/block/expression', (_request, response) => {
  response.send(String(/^(a+)+$/.test(`${'a'.repeat(23)}b`)));
});
app.get('/block/native', (_request, response) => {
  response.send(pbkdf2Sync('password', 'salt', 80_000, 32, 'sha512').toString('hex'));
});
const text = JSON.stringify(Array.from({ length: 100_000 }, (_, id) => ({ id, title: `Book ${id}` })));
app.get('/block/json', (_request, response) => response.send(String(JSON.parse(text).length)));

const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
// Of many connections some are idle for long, and the load takes a closed one for a failure.
server.keepAliveTimeout = 0;

// Each stack is asked for by an inspector session of its own, which reads this property once.
const SAMPLER = Symbol.for('holdup.sampleStack');
const sampler = globalThis[SAMPLER];
let stacks = 0;
Object.defineProperty(globalThis, SAMPLER, {
  get() {
    stacks++;
    return sampler;
  },
});

process.on('message', () => {
  globalThis.gc();
  globalThis.gc();
  const { rss, heapUsed } = process.memoryUsage();
  process.send({ rssBytes: rss, heapUsedBytes: heapUsed, stacks, threads: count('task'), files: count('fd') });
});
process.on('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  process.disconnect();
});

/** Null where there is no /proc. */
function count(what) {
  try {
    return readdirSync(`/proc/self/${what}`).length;
  } catch {
    return null;
  }
}
