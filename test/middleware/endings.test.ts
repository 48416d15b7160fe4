import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Collector, startCollector } from 'holdup/collector';
import type { IncidentList, ViewList, ViewSummary } from 'holdup/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Child, getJson, NODES, ROOT, until } from '../support/child.js';

describe.each(NODES)('on Node $version', ({ path }) => {
  let collector: Collector;
  let app: Child;
  let url: string;

  beforeAll(async () => {
    collector = await startCollector({ port: 0 });
    app = new Child(`${ROOT}test/middleware/fixtures/endings.mjs`, {
      node: path,
      env: { HOLDUP_COLLECTOR: collector.url },
    });
    url = await app.url();
    // The first request makes the app observed; what follows goes the way of all others.
    await ask('/stat');
  });
  afterAll(async () => {
    await app.stop();
    await collector.stop();
  });

  const ask = async (path: string, agent?: Agent): Promise<string> => {
    const [response] = await once(get(url + path, { agent }), 'response');
    return text(response);
  };

  const view = async (route: string): Promise<ViewSummary | undefined> => {
    const { views } = await getJson<ViewList>(`${collector.url}api/v1/views`);
    return views.find((each) => each.route === route);
  };

  let clients = 0;

  /** Sends requests in one go on a connection, and cuts it so long after the app has begun with all of them. */
  async function giveUp(requests: number, afterMs: number): Promise<void> {
    const name = `client-${++clients}`;
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(`GET /never?name=${name} HTTP/1.1\r\nHost: here\r\n\r\n`.repeat(requests));
    await until('the app has begun', () => app.stdout.split(`began ${name}\n`).length > requests);
    await sleep(afterMs);
    socket.destroy();
  }

  test('a run ends when its client gives up: soon, late, or with others behind it in the connection', async () => {
    const before = (await view('/never'))?.requests ?? 0;
    await Promise.all([0, 0, 60, 60].flatMap((afterMs) => [giveUp(1, afterMs), giveUp(3, afterMs)]));
    await until('all have ended', async () => {
      const never = await view('/never');
      return never?.requests === before + 16 && never.active === 0;
    });
    expect(app.stderr).not.toContain('MaxListeners');
  });

  test('a run ends with its response when its context was lost', async () => {
    await Promise.all(Array.from({ length: 5 }, () => ask('/queued')));
    await until('all have ended', async () => {
      const queued = await view('/queued');
      return queued?.requests === 5 && queued.active === 0;
    });
  });

  test('a request whose response is over begins no run that would never end', async () => {
    for (let i = 0; i < 3; i++) expect(await ask('/over')).toBe('over');
    await ask('/stat');
    await until('what came later is known', async () => ((await view('/stat'))?.requests ?? 0) >= 2);
    expect((await view('(unmatched)'))?.active ?? 0).toBe(0);
    expect(await view('/over')).toBeUndefined();
  });

  test('the context of a request ends with it: the next one in its connection is not its own', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (const path of ['/stat', '/plain', '/stat', '/plain', '/last']) await ask(path, agent);
    agent.destroy();
    const { incidents } = await until('the last call of the app is known', async () => {
      const list = await getJson<IncidentList>(`${collector.url}api/v1/incidents`);
      return list.incidents.some(({ operation }) => operation === 'fs.readdirSync') && list;
    });
    expect(incidents.map(({ operation }) => operation)).toContain('fs.statSync');
    expect(incidents.map(({ operation }) => operation)).not.toContain('fs.existsSync');
  });
});
