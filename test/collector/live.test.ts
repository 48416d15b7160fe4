import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Collector, startCollector } from 'holdup/collector';
import type { LiveDelta, LiveIncident, LiveLagged, LiveMessage, LiveSnapshot } from 'holdup/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  BOOKS_VIEW,
  Client,
  EXPORT_VIEW,
  histogramOf,
  incidentOf,
  instanceOf,
  type LiveClient,
  until,
  viewReportOf,
} from './fixture.js';

let collector: Collector;
let client: Client;
let live: LiveClient;

const isSnapshot = (message: LiveMessage): message is LiveSnapshot => message.type === 'snapshot';
const isDelta = (message: LiveMessage): message is LiveDelta => message.type === 'delta';
const isIncident = (message: LiveMessage): message is LiveIncident => message.type === 'incident';
const isLagged = (message: LiveMessage): message is LiveLagged => message.type === 'lagged';

beforeEach(async () => {
  collector = await startCollector({ port: 0 });
  client = new Client(collector);
  live = client.live();
});

afterEach(async () => {
  live.close();
  await collector.stop();
});

describe('the live feed', () => {
  test('begins with a snapshot of everything', async () => {
    await client.report({ views: [viewReportOf({ active: 2 })] });
    await client.incidents(instanceOf(), incidentOf());
    const late = client.live();
    const snapshot = await late.message(isSnapshot);
    late.close();
    expect(snapshot).toBe(late.messages[0]);
    expect(snapshot.sequence).toBe(1);
    expect(snapshot.overview).toMatchObject({ active: 2, instances: { ok: 1 }, incidents: { open: 1 } });
    expect(snapshot.views).toMatchObject([{ route: '/export', active: 2 }]);
    expect(snapshot.incidents).toMatchObject([{ fingerprint: 'v1-export', service: 'bookshop' }]);
    expect(snapshot.instances).toMatchObject([{ id: 'instance-1', state: 'ok' }]);
  });

  test('goes on with deltas numbered without a hole, one point a second', async () => {
    await live.message(isSnapshot);
    await client.report({ views: [viewReportOf({ active: 1, activePeak: 4 })], loop: { delay: histogramOf(0.125) } });
    await until(() => live.messages.filter(isDelta).length >= 3);
    expect(live.messages.map((message) => message.sequence)).toEqual(live.messages.map((_, i) => i + 1));
    const points = live.messages.filter(isDelta).map((delta) => delta.point);
    for (const [i, point] of points.entries()) {
      expect(point.at % 1000).toBe(0);
      if (i > 0) expect(point.at - (points[i - 1]?.at ?? 0)).toBeGreaterThanOrEqual(1000);
    }
    expect(points).toContainEqual(
      expect.objectContaining({ active: { 'GET /export': 4 }, delayMaxMs: 125, utilization: 0.25 }),
    );
  });

  test('tells only what changed', async () => {
    await live.message(isSnapshot);
    await client.incidents(instanceOf(), incidentOf(), incidentOf({ fingerprint: 'v1-other' }));
    await live.message((message) => isDelta(message) && message.incidents.length === 2);
    await client.incidents(instanceOf(), incidentOf({ fingerprint: 'v1-other' }));
    const delta = (await live.message((message) => isDelta(message) && message.incidents.length === 1)) as LiveDelta;
    expect(delta.incidents[0]).toMatchObject({ fingerprint: 'v1-other', count: 2 });
    await live.message(
      (message) => isDelta(message) && message.sequence > delta.sequence && message.incidents.length === 0,
    );
  });

  test('sends a new incident at once, not with the next delta', async () => {
    await live.message(isSnapshot);
    const took: number[] = [];
    for (let i = 0; i < 5; i++) {
      const startedAt = performance.now();
      await client.incidents(instanceOf(), incidentOf({ fingerprint: `v1-${i}` }));
      await live.message((message) => isIncident(message) && message.incident.fingerprint === `v1-${i}`);
      took.push(Math.round(performance.now() - startedAt));
    }
    console.log(`from ingest to the page, ms: ${took.join(', ')}`);
    // Five in a row, each waited for, did not take the five seconds that five deltas would.
    expect(took.reduce((sum, each) => sum + each)).toBeLessThan(4000);
  });

  test('sends one that held the loop again at once, and one that did not with the delta', async () => {
    await client.incidents(instanceOf(), incidentOf());
    await live.message(isSnapshot);
    const sent = live.messages.filter(isIncident).length;
    await client.incidents(instanceOf(), incidentOf({ blocks: [{ at: Date.now() - 300, durationMs: 200 }] }));
    await until(() => live.messages.filter(isIncident).length === sent + 1);
    await client.incidents(instanceOf(), incidentOf());
    await live.message((message) => isDelta(message) && message.incidents.some((each) => each.count === 3));
    expect(live.messages.filter(isIncident)).toHaveLength(sent + 1);
  });

  test('puts each block into the second it began in, and tells it with the next delta', async () => {
    await live.message(isSnapshot);
    await until(() => live.messages.filter(isDelta).length >= 2);
    const at = live.messages.filter(isDelta)[0]?.point.at ?? 0;
    await client.incidents(instanceOf(), incidentOf({ blocks: [{ at: at + 250, durationMs: 180 }] }));
    const block = {
      at: at + 250,
      durationMs: 180,
      view: 'GET /export',
      operation: 'fs.readFileSync',
      fingerprint: 'v1-export',
      service: 'bookshop',
    };
    await live.message((message) => isDelta(message) && message.point.blocks.length === 1);
    const again = client.live();
    const { timeline } = await again.message(isSnapshot);
    again.close();
    expect(timeline.find((point) => point.at === at)?.blocks).toEqual([block]);
  });

  test('tells at once that a loop is held, and that it is free again', async () => {
    await client.report({ sequence: 1, views: [viewReportOf({ view: BOOKS_VIEW, active: 3 })] });
    await live.message(isSnapshot);
    await client.report({ sequence: 2, loop: { blocked: { forSeconds: 0.2, view: EXPORT_VIEW } } });
    const delta = (await live.message(
      (message) => isDelta(message) && message.overview.status === 'blocked',
    )) as LiveDelta;
    expect(delta.instances).toMatchObject([{ state: 'blocked', blockedView: 'GET /export' }]);
    expect(delta.overview.verdict).toMatch(/^GET \/export is holding the loop of bookshop \(pid 4711\) right now/);
    await client.report({ sequence: 3 });
    await live.message(
      (message) => message.sequence > delta.sequence && isDelta(message) && message.overview.instances.ok === 1,
    );
  });

  test('tells a client that is too slow what it missed, and starts it afresh', async () => {
    await live.message(isSnapshot);
    live.socket.pause();
    const alternative = 'x'.repeat(2000);
    for (let i = 1; i <= 24; i++) {
      const incidents = Array.from({ length: 200 }, (_, n) =>
        incidentOf({ fingerprint: `v1-${n}`, alternative, allowed: alternative }),
      );
      await client.incidents(instanceOf(), ...incidents);
      await client.report({ sequence: i, loop: { blocked: i % 2 === 0 ? null : { forSeconds: 1, view: null } } });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    live.socket.resume();
    const lagged = await live.message(isLagged);
    const next = await until(() => live.messages[live.messages.indexOf(lagged) + 1]);
    const before = live.messages[live.messages.indexOf(lagged) - 1];
    expect(lagged.dropped).toBeGreaterThan(0);
    // The hole in the numbers is as large as what was dropped.
    expect(lagged.sequence).toBe((before?.sequence ?? 0) + lagged.dropped + 1);
    expect(next).toMatchObject({ type: 'snapshot', sequence: lagged.sequence + 1 });
  });

  test('is for 1,000 pages; one more is told to come again', async () => {
    const { port } = new URL(collector.url);
    const upgrade = [
      'GET /api/v1/live HTTP/1.1',
      'Host: localhost',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ];
    const sockets: Socket[] = [];
    const statusOf = async (): Promise<string> => {
      const socket = connect(Number(port), '127.0.0.1');
      sockets.push(socket);
      socket.write(`${upgrade.join('\r\n')}\r\n\r\n`);
      const [data] = (await once(socket, 'data')) as [Buffer];
      return data.toString('latin1');
    };
    await live.message(isSnapshot);
    const statuses = new Set<string>();
    for (let open = 1; open < 1000; open += 111) {
      const answers = await Promise.all(Array.from({ length: 111 }, statusOf));
      for (const answer of answers) statuses.add(answer.slice(0, 12));
    }
    expect([...statuses]).toEqual(['HTTP/1.1 101']);
    expect(await statusOf()).toMatch(/^HTTP\/1\.1 503 [\s\S]*Retry-After: 5\r\n/);
    for (const socket of sockets) socket.destroy();
    await until(async () => (await statusOf()).startsWith('HTTP/1.1 101'));
    for (const socket of sockets) socket.destroy();
  });

  test('ends when the collector stops', async () => {
    await live.message(isSnapshot);
    const closed = new Promise<number>((resolve) => live.socket.on('close', resolve));
    await collector.stop();
    expect(await closed).toBe(1001);
  });
});
