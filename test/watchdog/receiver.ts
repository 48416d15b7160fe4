import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { decodeLogs, fromOtlpLogs, type IncidentDelta, MetricsProtobufReader, type Report } from 'holdup/protocol';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** A real HTTP server that reads OTLP/HTTP in protobuf as any collector would; `answer` may refuse. */
export async function startReceiver(answer: (response: ServerResponse, count: number) => boolean = () => false) {
  const reports: Report[] = [];
  const incidents: IncidentDelta[] = [];
  const posts: Received[] = [];
  const metrics = new MetricsProtobufReader();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      posts.push({ path: request.url ?? '', headers: request.headers });
      if (answer(response, posts.length)) return;
      const raw = Buffer.concat(chunks);
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
      if (request.url === '/v1/metrics') reports.push(...metrics.read(body).reports);
      else incidents.push(...fromOtlpLogs(decodeLogs(body)).batches.flatMap((batch) => batch.incidents));
      response.setHeader('content-type', 'application/x-protobuf').end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reports,
    incidents,
    posts,
    stop: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
