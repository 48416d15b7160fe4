import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type Collector, startCollector } from 'holdup/collector';
import type { LiveMessage } from 'holdup/protocol';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { launchBrowser } from '../dashboard/browser.js';
import { openPage } from '../dashboard/opened-page.js';
import { Client, histogramOf, incidentOf, instanceOf, LiveClient, until, viewReportOf } from './fixture.js';

const VIEWS = 150;
const started: Collector[] = [];
let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((collector) => collector.stop()));
});
afterAll(() => browser.close());

async function start(): Promise<Client> {
  const collector = await startCollector({ port: 0 });
  started.push(collector);
  return new Client(collector);
}

async function report(client: Client, sequence: number): Promise<void> {
  const views = Array.from({ length: VIEWS }, (_, i) =>
    viewReportOf({
      view: { method: 'GET', route: `/things/${i}/:id`, handler: `showThing${i}`, kind: 'async' },
      active: i % 3,
      activePeak: 3,
      duration: histogramOf(0.01 * i, 0.2),
      busy: histogramOf(0.002 * i),
    }),
  );
  await client.report({ sequence, views });
}

async function connect(client: Client, options: WebSocket.ClientOptions = {}): Promise<[LiveClient, WebSocket]> {
  const url = new URL('api/v1/live', client.url);
  url.protocol = 'ws:';
  const socket = new WebSocket(url, options);
  const live = new LiveClient(socket);
  await once(socket, 'open');
  return [live, socket];
}

function bytesRead(socket: WebSocket): number {
  return (socket as unknown as { _socket: Socket })._socket.bytesRead;
}

function sequences(messages: readonly LiveMessage[]): number[] {
  return messages.map(({ sequence }) => sequence);
}

test('a page that can read them so gets the same messages in a fraction of the bytes', async () => {
  const client = await start();
  await report(client, 1);
  const [packed, packedSocket] = await connect(client);
  const [plain, plainSocket] = await connect(client, { perMessageDeflate: false });
  expect(packedSocket.extensions).toMatch(/permessage-deflate/);
  expect(plainSocket.extensions).toBe('');
  for (let second = 2; second < 6; second++) {
    await report(client, second);
    // Small ones in between keep their place.
    await client.incidents(instanceOf(), incidentOf({ fingerprint: `v1-${second}` }));
    const deltas = (live: LiveClient): number => live.messages.filter(({ type }) => type === 'delta').length;
    await until(() => deltas(packed) >= second && deltas(plain) >= second);
  }
  for (const { messages } of [packed, plain]) {
    expect(messages[0]).toMatchObject({ type: 'snapshot', sequence: 1 });
    expect(sequences(messages)).toEqual(messages.map((_, i) => i + 1));
  }
  const told = (live: LiveClient): string[] =>
    live.messages.slice(1).map((message) => JSON.stringify({ ...message, sequence: 0 }));
  // The one that connected last knows nothing that the other was not told in the same words.
  const [, ...heard] = told(plain);
  const all = new Set(told(packed));
  expect(heard.length).toBeGreaterThan(5);
  expect(heard.filter((message) => !all.has(message)).length).toBeLessThanOrEqual(1);
  const [packedBytes, bytes] = [bytesRead(packedSocket), bytesRead(plainSocket)];
  console.log(`${plain.messages.length} messages: ${bytes} bytes plain, ${packedBytes} compressed`);
  expect(packedBytes).toBeLessThan(bytes / 4);
  packed.close();
  plain.close();
});

test('a page that asks for a window of its own gets them as they are', async () => {
  const client = await start();
  const offer = { perMessageDeflate: { serverMaxWindowBits: 10 } };
  const [odd, oddSocket] = await connect(client, offer);
  expect(oddSocket.extensions).toBe('');
  await odd.message(({ type }) => type === 'delta');
  odd.close();
});

test('a browser reads them', async () => {
  const client = await start();
  await report(client, 1);
  const { page, close } = await openPage(browser, client.url);
  await page.getByText('/things/149/:id').first().waitFor();
  await client.incidents(instanceOf(), incidentOf({ delayedRequests: 3, delayedMs: 500, totalMs: 900 }));
  await page.getByText('fs.readFileSync').first().waitFor();
  await close();
});
