// An app that blocks by known amounts at known lines, and keeps its own account of it: the ground truth.
// Over IPC: its first message is `{ port }`; `{ ask: 'truth' }` is answered by every hold since the last time.
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
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

const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
server.keepAliveTimeout = 0;
process.on('message', ({ ask }) => {
  if (ask === 'truth') process.send({ holds: holds.splice(0), busyMs: Object.fromEntries(busyMs) });
  if (ask === 'reset') {
    busyMs.clear();
    process.send({ holds: holds.splice(0) });
  }
});
process.on('disconnect', () => process.exit());
