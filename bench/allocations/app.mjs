// An Express 5 app that is handed requests without a socket, under VARIANT. `{ ask: 'bytes' }` is answered by what one
// request allocates: the median of several thousand in a row, in a young generation so large that nothing is collected.
import { AsyncResource } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import { UNDER } from '../apps/under.mjs';
import { median } from '../lib/statistics.mjs';

const WARM_UPS = 60;
const MEASUREMENTS = 9;
/** Of one warm-up or measurement; between two the loop turns, as it does in a server. */
const REQUESTS = 1000;
/** Longer than Holdup's heartbeat. */
const PAUSE_MS = 25;

const { middleware = [] } = await UNDER[process.env.VARIANT]();
const express = createRequire(import.meta.url)('express');
const app = express();
for (const each of middleware) app.use(each);
app.get('/', () => {});

const socket = new Socket();
const server = {};
const connection = new AsyncResource('connection');
const came = channel('http.server.request.start');
const finished = channel('http.server.response.finish');

/** As Node's server does it: what it publishes, and the context it hands a request over in. */
function serveOne() {
  const request = new IncomingMessage(socket);
  Object.assign(request, { method: 'GET', url: '/', httpVersionMajor: 1, httpVersionMinor: 1 });
  const response = new ServerResponse(request);
  if (came.hasSubscribers) came.publish({ request, response, socket, server });
  response.on('finish', nothing);
  connection.runInAsyncScope(app, undefined, request, response);
  if (finished.hasSubscribers) finished.publish({ request, response, socket, server });
  response.emit('close');
}

function nothing() {}

async function bytesOfOne() {
  const measured = [];
  for (let i = 0; i < WARM_UPS + MEASUREMENTS; i++) {
    await sleep(PAUSE_MS);
    const before = getHeapStatistics().used_heap_size;
    for (let j = 0; j < REQUESTS; j++) serveOne();
    measured.push((getHeapStatistics().used_heap_size - before) / REQUESTS);
  }
  return median(measured.slice(WARM_UPS));
}

process.on('message', async () => process.send({ bytes: await bytesOfOne() }));
process.on('disconnect', () => process.exit());
process.send({ ready: true });
