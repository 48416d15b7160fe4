// A child of the bench: many pages connected to the live feed. It prints one JSON line.
import WebSocket from 'ws';

const { url, pages, seconds } = JSON.parse(process.argv[2]);
const address = new URL('api/v1/live', url);
address.protocol = 'ws:';
const latenesses = [];
let deltas = 0;
let missed = 0;
let told = 0;

function page() {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address, { perMessageDeflate: false });
    let expected = 1;
    socket.on('message', (data) => {
      const text = data.toString('latin1', 0, 200);
      const sequence = Number(/^\{"sequence":(\d+)/.exec(text)?.[1]);
      const dropped = Number(/"type":"lagged","dropped":(\d+)/.exec(text)?.[1] ?? 0);
      told += dropped;
      missed += sequence - expected - dropped;
      expected = sequence + 1;
      if (text.includes('"type":"snapshot"')) resolve(socket);
      const at = /"type":"delta","at":(\d+)/.exec(text)?.[1];
      if (at === undefined) return;
      deltas++;
      latenesses.push(Date.now() - Number(at));
    });
    socket.on('error', reject);
  });
}

const sockets = [];
for (let i = 0; i < pages; i++) sockets.push(await page());
latenesses.length = 0;
deltas = 0;
await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
latenesses.sort((a, b) => a - b);
const quantile = (q) => latenesses[Math.min(latenesses.length - 1, Math.floor(q * latenesses.length))] ?? 0;
process.stdout.write(`${JSON.stringify({ deltas, missed, told, p50Ms: quantile(0.5), p99Ms: quantile(0.99) })}\n`);
for (const socket of sockets) socket.terminate();
