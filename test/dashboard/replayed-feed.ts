import { on, once } from 'node:events';
import { createServer, request } from 'node:http';
import type { LiveDelta, LiveMessage, LiveSnapshot } from 'holdup/protocol';
import { WebSocket, WebSocketServer } from 'ws';

/**
 * Stands between a page and a collector: everything passes, but the live feed is the collector's own snapshot and deltas
 * told over again, as fast as the page takes them, each one a second later than the one before. A day in seconds.
 */
export async function startReplayedFeed(collectorUrl: string, recordedDeltas: number) {
  const { snapshot, deltas } = await record(collectorUrl, recordedDeltas);
  const server = createServer((incoming, outgoing) => {
    const onward = request(
      new URL(incoming.url ?? '/', collectorUrl),
      { method: incoming.method ?? 'GET' },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.destroy());
    onward.end();
  });
  const feeds = new WebSocketServer({ server });
  let page: WebSocket | null = null;
  let sent = 0;
  feeds.on('connection', (socket) => {
    page = socket;
    sent = 0;
    socket.send(JSON.stringify({ ...snapshot, sequence: 0 }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    /** Tells deltas until the page has been told `total`. */
    tell(total: number): void {
      while (sent < total) {
        const delta = deltas[sent % deltas.length] as LiveDelta;
        sent++;
        const at = snapshot.at + sent * 1_000;
        const blocks = delta.point.blocks.map((block) => ({ ...block, at }));
        // How far it is can be read on the page, as the requests that are active.
        const overview = { ...delta.overview, at, active: sent };
        page?.send(JSON.stringify({ ...delta, sequence: sent, at, overview, point: { ...delta.point, at, blocks } }));
      }
    },
    async stop(): Promise<void> {
      for (const client of feeds.clients) client.terminate();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The collector's own snapshot, and the deltas after it. */
async function record(collectorUrl: string, howMany: number) {
  const socket = new WebSocket(new URL('api/v1/live', collectorUrl));
  let snapshot: LiveSnapshot | null = null;
  const deltas: LiveDelta[] = [];
  for await (const [data] of on(socket, 'message')) {
    const message = JSON.parse(String(data)) as LiveMessage;
    if (message.type === 'snapshot') snapshot = message;
    if (message.type === 'delta') deltas.push(message);
    if (deltas.length === howMany) break;
  }
  socket.terminate();
  if (snapshot === null) throw new Error('no snapshot');
  return { snapshot, deltas };
}
