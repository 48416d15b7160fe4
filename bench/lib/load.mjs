// The load: requests over some keep-alive connections, one at a time on each. A raw client, because anything more would
// be slower than the server it drives. Asked over IPC:
// `{ send: { port, requests: [{ method, path, body }], connections, count | durationMs, perSecond? } }` sends until so
// many are sent or so long has passed, as fast as they are answered or at a rate, and answers
// `{ answered, failed, durationMs, p50Ms, p99Ms, p999Ms }`;
// `{ hold: { port, path, count } }` leaves so many requests unanswered, until `{ release: true }`.
import { connect } from 'node:net';

const HEADER_END = Buffer.from('\r\n\r\n');
const held = [];

process.on('message', async ({ send: burst, hold: holding, release }) => {
  if (burst !== undefined) process.send(await send(burst));
  if (holding !== undefined) process.send(await hold(holding));
  if (release === true) process.send(await letGo());
});
process.on('disconnect', () => process.exit());
process.send({ ready: true });

async function send({ port, requests, connections, count = Number.POSITIVE_INFINITY, durationMs, perSecond }) {
  const startedAtMs = performance.now();
  const state = {
    texts: requests.map(requestText),
    next: 0,
    left: count,
    endsAtMs: startedAtMs + (durationMs ?? Number.POSITIVE_INFINITY),
    failed: 0,
    latencies: [],
    idle: perSecond === undefined ? null : [],
  };
  const drivers = Array.from({ length: connections }, () => drive(port, state));
  if (perSecond !== undefined) await pace(state, perSecond, startedAtMs);
  await Promise.all(drivers);
  const tookMs = performance.now() - startedAtMs;
  const sorted = Float64Array.from(state.latencies).sort();
  const at = (q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
  return {
    answered: sorted.length,
    failed: state.failed,
    durationMs: tookMs,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    p999Ms: at(0.999),
  };
}

function requestText({ method = 'GET', path, body }) {
  const head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n`;
  if (body === undefined) return Buffer.from(`${head}\r\n`);
  const type = 'Content-Type: application/json\r\n';
  return Buffer.from(`${head}${type}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

/** Hands what is due to whoever is idle, every few milliseconds; what nobody is idle for is left out. */
function pace(state, perSecond, startedAtMs) {
  return new Promise((resolve) => {
    let sent = 0;
    const timer = setInterval(() => {
      const nowMs = performance.now();
      for (const due = ((nowMs - startedAtMs) / 1000) * perSecond; sent < due; sent++) state.idle.pop()?.();
      if (nowMs < state.endsAtMs) return;
      clearInterval(timer);
      state.left = 0;
      for (const next of state.idle.splice(0)) next();
      resolve();
    }, 4);
  });
}

/** One connection, until there are no requests left to send. */
function drive(port, state) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let sentAtMs = 0;
    let head = Buffer.alloc(0);
    /** Bytes of the body still to come; -1 while the head is read. */
    let bodyLeft = -1;
    const next = () => {
      sentAtMs = performance.now();
      if (state.left <= 0 || sentAtMs >= state.endsAtMs) return socket.end();
      state.left--;
      socket.write(state.texts[state.next++ % state.texts.length]);
    };
    const wait = () => (state.idle === null || state.left === 0 ? next() : state.idle.push(next));
    socket.on('connect', wait);
    socket.on('data', (chunk) => {
      if (bodyLeft < 0) {
        head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
        const end = head.indexOf(HEADER_END);
        if (end < 0) return;
        const text = head.latin1Slice(0, end);
        if (!text.startsWith('HTTP/1.1 2')) state.failed++;
        bodyLeft = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0) - (head.length - end - HEADER_END.length);
      } else {
        bodyLeft -= chunk.length;
      }
      if (bodyLeft > 0) return;
      state.latencies.push(performance.now() - sentAtMs);
      head = Buffer.alloc(0);
      bodyLeft = -1;
      wait();
    });
    socket.on('close', resolve);
    socket.on('error', reject);
  });
}

/** Connects a few at a time, so that none is refused. */
async function hold({ port, path, count }) {
  const text = requestText({ path });
  while (held.length < count) {
    const group = Math.min(100, count - held.length);
    await Promise.all(
      Array.from({ length: group }, async () => {
        const socket = connect({ port, host: '127.0.0.1' });
        await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
        socket.on('error', () => {});
        socket.write(text);
        held.push(socket);
      }),
    );
  }
  return { held: held.length };
}

async function letGo() {
  const closed = held.splice(0).map(
    (socket) =>
      new Promise((resolve) => {
        socket.once('close', resolve).destroy();
      }),
  );
  await Promise.all(closed);
  return { held: 0 };
}
