import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { connect } from 'node:net';
import type { IncidentDetail, IncidentList, InstanceList } from 'holdup/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startWatchedApp, type WatchedApp } from '../../bench/attribution/watched-app.mjs';
import { NODES, until } from '../support/child.js';

let app: WatchedApp;

const request = (path: string) => fetch(`http://127.0.0.1:${app.port}${path}`).then((response) => response.text());
const nameOf = ({ method, route }: { method: string; route: string }) => `${method} ${route}`.trim();
/** The blocks of at least 100 ms that were told of so far. */
const blocks = () => app.incidents.filter(({ blocks }) => blocks.some(({ durationMs }) => durationMs >= 100));

describe.each(NODES)('on Node $version', (node) => {
  beforeEach(async () => {
    app = await startWatchedApp({ node: node.path });
    await request('/loop');
    await until('it has reported', () => app.reports.length > 0);
    app.incidents.length = 0;
  });
  afterEach(() => app.stop());

  test('names the view of a stream, of server-sent events, and of work that outlives its response', async () => {
    await Promise.all([request('/stream'), request('/events'), request('/later')]);
    for (const view of ['GET /stream', 'GET /events', 'GET /later']) {
      const block = await until(`a block of ${view}`, () => blocks().find((each) => nameOf(each.view) === view));
      expect(block).toMatchObject({ cause: 'code', site: { function: 'compute' } });
    }
    // What a machine without time does to the rest may be anything but a request's.
    const blamed = blocks().filter(({ cause, view }) => cause === 'code' && view.method !== '');
    expect(new Set(blamed.map((each) => nameOf(each.view))).size).toBe(3);
    // What runs after the response is its view's busy time, too.
    const busySeconds = () =>
      app.reports
        .flatMap(({ views }) => views)
        .filter(({ view }) => nameOf(view) === 'GET /later')
        .reduce((sum, { busy }) => sum + busy.sum, 0);
    await until('the busy time', () => busySeconds() >= 0.14);
  });

  test('tells background work from work that withView names, also on an upgraded connection', async () => {
    app.child.send({ ask: 'background' });
    await until('the background block', () => blocks().find(({ view }) => view.route === '(background)'));
    app.child.send({ ask: 'named' });
    await until('the named block', () => blocks().find(({ view }) => view.route === 'queue email'));
    const socket = connect({ port: app.port, host: '127.0.0.1' });
    socket.write('GET /chat HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: holdup-test\r\n\r\n');
    await once(socket, 'data');
    socket.write('hello');
    const block = await until('the block', () => blocks().find(({ view }) => view.route === 'WS /chat'));
    expect(block.site.function).toBe('compute');
    app.incidents.length = 0;
    socket.write('anonymous');
    const unnamed = await until('the block without a name', () => blocks()[0]);
    expect(unnamed).toMatchObject({ view: { route: '(background)' }, site: { function: 'compute' } });
    socket.destroy();
  });

  test('says what many short calls made a block together, as far as the collector', async () => {
    await request('/stats?ms=150');
    const { fingerprint } = await until('the block is at the collector', async () => {
      const { incidents } = await app.collected<IncidentList>('incidents');
      return incidents.find(({ kind, view }) => kind === 'block' && view.route === '/stats');
    });
    const { site, samples } = await app.collected<IncidentDetail>(`incidents/${fingerprint}`);
    expect(site.function).toBe('lookForFiles');
    expect(samples[0]?.note).toMatch(/^\d{3,} × fs\.statSync \(\d+ ms\)$/);
  });

  test('blames garbage collection, and no view, for a block that it filled', async () => {
    await request('/garbage');
    const block = await until('the block', () =>
      app.incidents.find(({ cause, blocks }) => cause === 'gc' && blocks.length > 0),
    );
    expect(nameOf(block.view)).toBe('(unknown)');
    const { holds } = await app.ask('truth');
    const collected = holds.find(({ view }) => view === 'GET /garbage');
    expect(block.maxMs).toBeGreaterThan((collected?.durationMs ?? 0) * 0.5);
  });

  test('names an endless loop within two seconds, and keeps the name when the process is killed', async () => {
    const startedAt = Date.now();
    get({ port: app.port, host: '127.0.0.1', path: '/forever' }).on('error', () => {});
    const found = await until('it is named at the collector', async () => {
      const { incidents } = await app.collected<{ incidents: { view: { route: string }; site: object }[] }>(
        'incidents',
      );
      return incidents.find(({ view }) => view.route === '/forever');
    });
    console.log(
      `Node ${node.version}: an endless loop is named at the collector after ${Date.now() - startedAt} ms (bar: 2,000)`,
    );
    expect(found.site).toMatchObject({ function: 'spin' });
    const state = async () =>
      (await app.collected<InstanceList>('instances')).instances.find(({ pid }) => pid === app.pid);
    await until('it is blocked by its view', async () => {
      const now = await state();
      return now?.state === 'blocked' && now.blockedView === 'GET /forever';
    });
    app.child.kill('SIGKILL');
    await until('it is silent or gone', async () => ['silent', 'gone'].includes((await state())?.state ?? ''), 30_000);
    const { incidents } = await app.collected<{ incidents: { view: { route: string } }[] }>('incidents');
    expect(incidents.map(({ view }) => view.route)).toContain('/forever');
  }, 60_000);

  test('shows the view of a native call while it lasts, and makes no block of plain code of it', async () => {
    get({ port: app.port, host: '127.0.0.1', path: '/asleep' }).on('error', () => {});
    const state = async () =>
      (await app.collected<InstanceList>('instances')).instances.find(({ pid }) => pid === app.pid);
    await until('it is blocked by its view', async () => {
      const now = await state();
      return now?.state === 'blocked' && now.blockedView === 'GET /asleep';
    });
    expect(app.incidents.filter(({ view }) => view.route === '/asleep')).toEqual([]);
    app.child.kill('SIGKILL');
  });
});

describe.each(NODES)('on Node $version, on a machine that gives it no time', (node) => {
  test('blames the host, and no view, for what was starved, and still the view for what it computed', async () => {
    app = await startWatchedApp({ node: node.path, core: 1 });
    const hogs = Array.from({ length: 2 }, () =>
      spawn('taskset', ['-c', '1', process.execPath, '-e', 'for (;;);'], { stdio: 'ignore' }),
    );
    try {
      await request('/loop');
      await until('it has reported', () => app.reports.length > 1);
      app.incidents.length = 0;
      // A little work each, which a free machine would have done in a few milliseconds.
      for (let i = 0; i < 5; i++)
        await Promise.all(Array.from({ length: 4 }, () => request('/render?portions=3&portionMs=2')));
      app.child.kill('SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, 400));
      app.child.kill('SIGCONT');
      await until('the host is blamed', () =>
        app.incidents.find(({ cause, maxMs }) => cause === 'host' && maxMs > 200),
      );
      for (const incident of app.incidents.filter(({ cause }) => cause === 'host')) {
        expect(nameOf(incident.view)).toBe('(unknown)');
      }
      expect(
        blocks().filter(({ cause, kind, view }) => kind === 'block' && cause === 'code' && view.route === '/render'),
      ).toEqual([]);

      await request('/sort?ms=400');
      const own = await until('the sort is blamed', () => blocks().find(({ view }) => view.route === '/sort'));
      expect(own.cause).toBe('code');
    } finally {
      for (const hog of hogs) hog.kill('SIGKILL');
      await app.stop();
    }
  }, 60_000);
});
