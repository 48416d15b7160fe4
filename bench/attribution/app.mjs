// An app that blocks by known amounts at known lines, and keeps its own account of it: the ground truth.
// Over IPC: its first message is `{ port }`; `{ ask: 'truth' }` is answered by every hold, and by how long the loop was
// active, since `{ ask: 'reset' }`.
import { execSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import express from 'express';
import { withView } from 'holdup';
import { holdup } from 'holdup/express';
import { threadTimes } from './thread-times.mjs';
import { VIEWS } from './views.mjs';

const holds = [];
/** How long each view held the loop, by its own clock. */
const busyMs = new Map();
let utilization = performance.eventLoopUtilization();

function held(name, work) {
  const before = threadTimes();
  const startedAtMs = performance.now();
  const result = work();
  const durationMs = performance.now() - startedAtMs;
  const after = threadTimes();
  holds.push({
    view: `GET /${name}`,
    name,
    at: performance.timeOrigin + startedAtMs,
    durationMs,
    computedMs: after.computedMs - before.computedMs,
    // For so long this thread, and the process's other threads, wanted to run and were not let.
    queuedMs: after.queuedMs - before.queuedMs,
    othersQueuedMs: after.othersQueuedMs - before.othersQueuedMs,
  });
  busyMs.set(`GET /${name}`, (busyMs.get(`GET /${name}`) ?? 0) + durationMs);
  return result;
}

/** Some of a view's ordinary work, in portions between pauses; `portionsMs` has their durations, which take turns. */
async function ordinaryWork(name, { portions = 1, portionMs = '0', pauseMs = 4, awaits = 0 }) {
  const portionsMs = portionMs.split('-').map(Number);
  for (let i = 0; i < Number(portions); i++) {
    await sleep(Number(pauseMs));
    const untilMs = portionsMs[i % portionsMs.length];
    if (untilMs === 0) continue;
    const from = performance.now();
    // These give the loop to nobody else: each timer's promises are all settled before the next timer.
    for (let j = 0; j < Number(awaits); j++) await null;
    while (performance.now() - from < untilMs) Math.sqrt(from);
    busyMs.set(`GET /${name}`, (busyMs.get(`GET /${name}`) ?? 0) + performance.now() - from);
  }
}

const app = express();
app.use(holdup());
for (const { name, hold, later } of VIEWS) {
  // ?ms= how long to block, 0 for not at all; the rest of the query says what ordinary work there is before it.
  app.get(`/${name}`, async (request, response) => {
    const { ms = 0 } = request.query;
    if (!later && ms > 0) held(name, () => hold(Number(ms)));
    await ordinaryWork(name, request.query);
    if (later && ms > 0) held(name, () => hold(Number(ms)));
    response.send('done');
  });
}

/** Computes for so long, so that a busy machine makes it longer and never shorter. */
function compute(ms) {
  const from = process.cpuUsage();
  for (let used = { user: 0, system: 0 }; used.user + used.system < ms * 1000; used = process.cpuUsage(from));
}

// Not through the global `gc`, which Holdup knows by name.
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');
let _live = [];
app.get('/garbage', async (_request, response) => {
  _live = Array.from({ length: 3_000_000 }, (_, i) => ({ i }));
  await sleep(200);
  held('garbage', () => collectGarbage());
  _live = [];
  response.send('done');
});

// Streams, events, and work that outlives its response.
app.get('/stream', async (_request, response) => {
  response.write('first');
  await sleep(20);
  held('stream', () => compute(150));
  response.end('last');
});
app.get('/events', async (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  for (let i = 0; i < 3; i++) {
    await sleep(50);
    if (i === 1) held('events', () => compute(150));
    response.write(`data: ${i}\n\n`);
  }
  response.end();
});
app.get('/later', (_request, response) => {
  setTimeout(() => held('later', () => compute(150)), 80);
  response.send('accepted');
});
app.get('/forever', async () => {
  await sleep(5);
  spin();
});
function spin() {
  for (;;); // hold: forever
}
app.get('/asleep', async () => {
  await sleep(5);
  execSync('sleep 60');
});
process.on('message', ({ ask }) => {
  if (ask === 'background') setTimeout(() => held('(background)', () => compute(150)), 5);
  if (ask === 'named')
    setTimeout(() => withView('queue email', () => later(() => held('queue email', () => compute(150)))), 5);
});
async function later(work) {
  await sleep(5);
  work();
}

const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
server.keepAliveTimeout = 0;
// An upgraded connection has no response to wait for: its work is the view's that withView says, or background work.
server.on('upgrade', (_request, socket) => {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: holdup-test\r\n\r\n');
  socket.on('error', () => {});
  socket.on('data', (data) => {
    if (String(data) === 'anonymous') held('(background)', () => compute(150));
    else withView('WS /chat', () => held('WS /chat', () => compute(150)));
  });
});
process.on('message', ({ ask }) => {
  if (ask === 'truth') {
    const activeMs = performance.eventLoopUtilization(utilization).active;
    process.send({ holds: holds.splice(0), busyMs: Object.fromEntries(busyMs), activeMs });
  }
  if (ask === 'reset') {
    busyMs.clear();
    utilization = performance.eventLoopUtilization();
    process.send({ holds: holds.splice(0) });
  }
});
process.on('disconnect', () => process.exit());
