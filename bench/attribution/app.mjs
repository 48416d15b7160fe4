// An app that blocks by known amounts at known lines, and keeps its own account of it: the ground truth.
// Over IPC: its first message is `{ port }`; `{ ask: 'truth' }` is answered by every hold since the last time.
import { execSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import express from 'express';
import { withView } from 'holdup';
import { holdup } from 'holdup/express';
import { VIEWS } from './views.mjs';

const holds = [];
/** Busy time of the small work by view: too short to be a block, not too short to count. */
const busyMs = new Map();

function held(name, work) {
  const cpu = process.cpuUsage();
  const startedAtMs = performance.now();
  const result = work();
  const durationMs = performance.now() - startedAtMs;
  const { user, system } = process.cpuUsage(cpu);
  const at = performance.timeOrigin + startedAtMs;
  // A hold that hardly computed and did not sleep either was the machine's doing.
  holds.push({ view: `GET /${name}`, name, at, durationMs, cpuMs: (user + system) / 1000 });
  busyMs.set(`GET /${name}`, (busyMs.get(`GET /${name}`) ?? 0) + durationMs);
  return result;
}

/** Some milliseconds of a view's ordinary work, in portions between awaits. */
async function ordinaryWork(name, portions, portionMs, pauseMs) {
  for (let i = 0; i < portions; i++) {
    await sleep(pauseMs);
    if (portionMs === 0) continue;
    const from = performance.now();
    while (performance.now() - from < portionMs) Math.sqrt(from);
    busyMs.set(`GET /${name}`, (busyMs.get(`GET /${name}`) ?? 0) + performance.now() - from);
  }
}

const app = express();
app.use(holdup());
for (const { name, hold, later } of VIEWS) {
  // ?ms= how long to block, 0 for not at all; ?portions=&portionMs=&pauseMs= the ordinary work before it.
  app.get(`/${name}`, async (request, response) => {
    const { ms = 0, portions = 1, portionMs = 0, pauseMs = 4 } = request.query;
    if (!later && ms > 0) held(name, () => hold(Number(ms)));
    await ordinaryWork(name, Number(portions), Number(portionMs), Number(pauseMs));
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
// An upgraded connection has no response to wait for: its work is the view's that withView says.
server.on('upgrade', (_request, socket) => {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: holdup-test\r\n\r\n');
  socket.on('error', () => {});
  socket.on('data', () => withView('WS /chat', () => held('WS /chat', () => compute(150))));
});
process.on('message', ({ ask }) => {
  if (ask === 'truth') process.send({ holds: holds.splice(0), busyMs: Object.fromEntries(busyMs) });
  if (ask === 'reset') {
    busyMs.clear();
    process.send({ holds: holds.splice(0) });
  }
});
process.on('disconnect', () => process.exit());
