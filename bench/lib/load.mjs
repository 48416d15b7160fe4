// The load: a fixed number of requests over some keep-alive connections, one at a time on each, as fast as they are
// answered. A raw client, because anything more would be slower than the server it drives.
// Asked over IPC with `{ port, path, requests, connections }`; answers `{ durationMs, p50Ms, p99Ms, p999Ms, failed }`.
import { connect } from 'node:net';

const HEADER_END = Buffer.from('\r\n\r\n');

process.on('message', async (burst) => process.send(await send(burst)));
process.on('disconnect', () => process.exit());
process.send({ ready: true });

async function send({ port, path, requests, connections }) {
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  const latencies = new Float64Array(requests);
  const state = { left: requests, answered: 0, failed: 0, latencies };
  const startedAtMs = performance.now();
  await Promise.all(Array.from({ length: connections }, () => drive(port, request, state)));
  const durationMs = performance.now() - startedAtMs;
  const sorted = latencies.subarray(0, state.answered).sort();
  const at = (q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
  return { durationMs, p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999), failed: state.failed };
}

/** One connection, until there are no requests left to send. */
function drive(port, request, state) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let sentAtMs = 0;
    let head = Buffer.alloc(0);
    /** Bytes of the body still to come; -1 while the head is read. */
    let bodyLeft = -1;
    const next = () => {
      if (state.left === 0) return socket.end();
      state.left--;
      sentAtMs = performance.now();
      socket.write(request);
    };
    socket.on('connect', next);
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
      state.latencies[state.answered++] = performance.now() - sentAtMs;
      head = Buffer.alloc(0);
      bodyLeft = -1;
      next();
    });
    socket.on('close', resolve);
    socket.on('error', reject);
  });
}
