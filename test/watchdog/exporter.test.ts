import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Blocker, until } from './process.js';
import { startReceiver } from './receiver.js';

const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

function watchedBy(url: string, job: object = {}): Blocker {
  const blocker = new Blocker({ destination: { type: 'remote', url, headers: { 'x-team': 'books' } }, ...job });
  ending.push(() => blocker.kill());
  return blocker;
}

test('sends the token and extra headers, compresses, and tries again after 429 and 503', async () => {
  const receiver = await startReceiver((response, count) => {
    if (count > 2) return false;
    response.writeHead(count === 1 ? 429 : 503, { 'retry-after': '0' }).end();
    return true;
  });
  ending.push(receiver.stop);
  watchedBy(receiver.url, { token: 'secret' });
  await until('three reports', () => receiver.reports.length >= 3);
  expect(receiver.posts[0]?.headers).toMatchObject({
    authorization: 'Bearer secret',
    'x-team': 'books',
    'content-type': 'application/x-protobuf',
    'content-encoding': 'gzip',
  });
  // Nothing was lost and nothing came twice.
  const sequences = receiver.reports.map((each) => each.sequence);
  expect(sequences).toEqual(sequences.map((_, index) => (sequences[0] ?? 0) + index));
  expect(receiver.reports.flatMap((each) => each.dropped)).toEqual([]);
});

test('drops what is refused for good, warns once, and says in the next report how much was lost', async () => {
  const receiver = await startReceiver((response, count) => {
    if (count > 3) return false;
    response.writeHead(400).end('no');
    return true;
  });
  ending.push(receiver.stop);
  const blocker = watchedBy(receiver.url);
  const report = await until('a report', () => receiver.reports[0]);
  const lost = receiver.reports.flatMap((each) => each.dropped).filter((each) => each.what === 'reports');
  expect(report.sequence).toBeGreaterThan(0);
  await until('the loss', () => receiver.reports.flatMap((each) => each.dropped).length > 0);
  expect(lost.reduce((sum, each) => sum + each.count, 0)).toBeLessThanOrEqual(3);
  const warnings = blocker.messages.filter((each) => each.type === 'warning');
  expect(warnings).toHaveLength(1);
  expect(warnings[0]?.text).toContain('answers 400');
});

test('follows no redirect and says where it points', async () => {
  const receiver = await startReceiver((response) => {
    response.writeHead(308, { location: 'https://elsewhere.example/v1/metrics' }).end();
    return true;
  });
  ending.push(receiver.stop);
  const blocker = watchedBy(receiver.url);
  const warning = await until('the warning', () => blocker.messages.find((each) => each.type === 'warning'));
  expect(warning.text).toContain('redirects (308) to https://elsewhere.example/v1/metrics');
});

test('is not held by a server that never stops answering', async () => {
  let posts = 0;
  const server = createServer((request, response) => {
    request.resume();
    posts++;
    response.writeHead(200);
    const timer = setInterval(() => response.write(Buffer.alloc(64 * 1024)), 5);
    response.on('close', () => clearInterval(timer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ending.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  watchedBy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await until('several posts', () => posts >= 3);
});

test('keeps what it could not send while nobody answered', async () => {
  const first = await startReceiver();
  const port = Number(new URL(first.url).port);
  await first.stop();
  watchedBy(first.url, { steps: ['spin:120'] });
  await new Promise((resolve) => setTimeout(resolve, 600));
  const incidents: string[] = [];
  const server = createServer((request, response) => {
    request.resume();
    incidents.push(request.url ?? '');
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  ending.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  await until('the incident', () => incidents.includes('/v1/logs'));
});
