import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Child, ROOT, until } from '../support/child.js';

/** Any OTLP/HTTP receiver: it remembers what was posted and says 200. */
let receiver: Server;
let received: IncomingMessage[] = [];

beforeAll(async () => {
  receiver = createServer((request, response) => {
    received.push(request);
    request.resume().on('end', () => response.setHeader('content-type', 'application/x-protobuf').end());
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
});
afterAll(() => receiver.close());

async function firstPost(env: Record<string, string>): Promise<IncomingMessage> {
  received = [];
  const app = new Child(`${ROOT}test/middleware/fixtures/mistakes.mjs`, { env });
  try {
    return await until('something was posted', () => received.find(({ url }) => url?.endsWith('/v1/metrics')));
  } finally {
    await app.stop();
  }
}

const endpoint = (): string => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/otlp`;

test("reports to OpenTelemetry's endpoint with its headers and compression when no collector is named", async () => {
  const post = await firstPost({
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint(),
    OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20secret,x-tenant=books',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'none',
  });
  expect(post.url).toBe('/otlp/v1/metrics');
  expect(post.headers).toMatchObject({
    'api-key': 'a secret',
    'x-tenant': 'books',
    'content-type': 'application/x-protobuf',
  });
  expect(post.headers['content-encoding']).toBeUndefined();
});

test('keeps the headers of that endpoint from a collector that is named', async () => {
  const post = await firstPost({
    HOLDUP_COLLECTOR: endpoint(),
    HOLDUP_TOKEN: 'own',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9/elsewhere',
    OTEL_EXPORTER_OTLP_HEADERS: 'api-key=secret',
  });
  expect(post.headers['api-key']).toBeUndefined();
  expect(post.headers.authorization).toBe('Bearer own');
});
