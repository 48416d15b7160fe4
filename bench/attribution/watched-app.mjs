import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { decodeLogs, fromOtlpLogs, MetricsProtobufReader } from 'holdup/protocol';
import { startCollector } from '../lib/collector.mjs';
import { pinned } from '../lib/machine.mjs';

const APP = fileURLToPath(new URL('./app.mjs', import.meta.url));

/**
 * The app under a real Holdup, and a real collector behind a listener that reads along: what the process sent is known
 * block by block, and what the collector made of it too.
 *
 * @param core the one core to run on; null: wherever there is time
 */
export async function startWatchedApp({ node = process.execPath, env = {}, core = null } = {}) {
  const collector = await startCollector();
  const listener = await startListener(collector.url);
  const [command, args] = core === null ? [node, [APP]] : pinned(core, node, [APP]);
  const child = spawn(command, args, {
    env: { ...process.env, NODE_ENV: 'production', HOLDUP_COLLECTOR: listener.url, HOLDUP_SERVICE: 'mixed', ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const answer = async () => {
    const [message] = await Promise.race([
      once(child, 'message'),
      ended.then(([code, signal]) => {
        throw new Error(`the app ended (${signal ?? code})`);
      }),
    ]);
    return message;
  };
  const { port } = await answer();
  return {
    port,
    pid: child.pid,
    child,
    reports: listener.reports,
    incidents: listener.incidents,
    async ask(question) {
      const answered = answer();
      child.send({ ask: question });
      return answered;
    },
    async collected(path) {
      return (await fetch(`${collector.url}/api/v1/${path}`)).json();
    },
    async stop() {
      if (child.connected) child.disconnect();
      const late = setTimeout(() => child.kill('SIGKILL'), 3000);
      await ended;
      clearTimeout(late);
      await listener.stop();
      await collector.stop();
    },
  };
}

/** Takes OTLP in, keeps it, and passes it on as it came. */
async function startListener(onward) {
  const reports = [];
  const incidents = [];
  const metrics = new MetricsProtobufReader();
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const raw = Buffer.concat(chunks);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    if (request.url === '/v1/metrics') reports.push(...metrics.read(body).reports);
    else incidents.push(...fromOtlpLogs(decodeLogs(body)).batches.flatMap((batch) => batch.incidents));
    const headers = { 'content-type': request.headers['content-type'] };
    if (request.headers['content-encoding']) headers['content-encoding'] = request.headers['content-encoding'];
    const answer = await fetch(onward + request.url, { method: 'POST', headers, body: raw });
    response.writeHead(answer.status, { 'content-type': request.headers['content-type'] });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    reports,
    incidents,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
