import { type Collector, startCollector } from 'holdup/collector';
import type { ViewList, ViewSummary } from 'holdup/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Child, getJson, ROOT, until } from '../support/child.js';

describe.each(['express', 'express4'])('with %s', (framework) => {
  let collector: Collector;
  let app: Child;
  let url: string;

  beforeAll(async () => {
    collector = await startCollector({ port: 0 });
    app = new Child(`${ROOT}test/middleware/fixtures/views.mjs`, {
      args: [framework],
      env: { HOLDUP_COLLECTOR: collector.url },
    });
    url = await app.url();
  });
  afterAll(async () => {
    await app.stop();
    await collector.stop();
  });

  async function view(method: string, route: string): Promise<ViewSummary> {
    return until(`the collector knows ${method} ${route}`, async () => {
      const { views } = await getJson<ViewList>(`${collector.url}api/v1/views`);
      return views.find((each) => each.method === method && each.route === route && each.requests > 0);
    });
  }

  test.concurrent.each([
    ['/', '/', ''],
    ['/books/42?secret=1', '/books/:id', 'showBook'],
    ['/shop/items/7', '/shop/items/:id', 'showItem'],
    ['/other/items/7', '/other/items/:id', 'showItem'],
    ['/api/books/9/reviews/3', '/api/books/:book/reviews/:review', ''],
    ['/files/a/b', '/^\\/files\\/(.*)$/', ''],
    ['/two', '/one|/two', ''],
    ['/sub/inside', '/sub/inside', ''],
    ['/class', '/class', 'get'],
    ['/chained', '/chained', 'chained'],
    ['/stream', '/stream', ''],
    ['/nowhere/at/all', '(unmatched)', ''],
  ])('names GET %s by its pattern %s', async (path, route, handler) => {
    const response = await fetch(url + path);
    await response.text();
    expect(await view('GET', route)).toMatchObject({ route, handler });
  });

  test.concurrent.each([
    ['POST', 'DELETE', '/overridden'],
    ['POST', 'POST', '/overridden'],
    ['POST', 'PUT', '/any'],
    ['POST', 'POST', '/any'],
    ['HEAD', 'HEAD', '/books/:id'],
  ])('names a %s that has become a %s by what it is at its handler', async (sent, become, route) => {
    const headers = { 'x-method': become };
    for (let i = 0; i < 2; i++) {
      await (await fetch(url + route.replace(':id', '1'), { method: sent, headers })).text();
    }
    await until('both are counted', async () => (await view(become, route)).requests >= 2);
  });

  test('sees a request that reaches the router by another way than the app', async () => {
    // By then the app itself makes the view runs, and the middleware stands aside.
    for (let i = 0; i < 2; i++) await (await fetch(url)).text();
    expect(await (await fetch(`${url}/handed`, { headers: { 'x-way': 'router' } })).text()).toBe('handed on');
    expect(await view('GET', '/handed')).toBeDefined();
  });

  test.concurrent('names a router mounted under a regular expression without the raw path', async () => {
    await (await fetch(`${url}/v12/items/5`)).text();
    const { views } = await until('the view is known', async () => {
      const list = await getJson<ViewList>(`${collector.url}api/v1/views`);
      return list.views.some((each) => /^\/(\^|\(regexp\)).*\/items\/:id$/.test(each.route)) && list;
    });
    expect(views.map((each) => each.route).join(' ')).not.toContain('/v12');
  });

  test.concurrent('tells async handlers from sync ones', async () => {
    await (await fetch(`${url}/books/1`)).text();
    await (
      await fetch(`${url}/echo`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":1}' })
    ).text();
    expect((await view('GET', '/books/:id')).kind).toBe('async');
    expect(await view('POST', '/echo')).toMatchObject({ kind: 'sync', handler: 'echo' });
  });

  test.concurrent('names the route that answered when the first one passed on', async () => {
    expect(await (await fetch(`${url}/skips`)).text()).toBe('second');
    expect(await view('GET', '/skips')).toBeDefined();
  });

  test.concurrent('keeps the view of a request whose handler failed', async () => {
    expect((await fetch(`${url}/fails`)).status).toBe(500);
    expect(await view('GET', '/fails')).toBeDefined();
  });

  test.runIf(framework === 'express')('passes a thrown non-Error on as it is', async () => {
    const response = await fetch(`${url}/throws`);
    expect([response.status, await response.text()]).toEqual([500, 'handled']);
    expect(await view('GET', '/throws')).toBeDefined();
  });

  test.concurrent('shows a handler that never answers as active, and ends its run when the client gives up', async () => {
    const abort = new AbortController();
    const pending = fetch(`${url}/never`, { signal: abort.signal }).catch(() => 'aborted');
    const active = (): Promise<ViewSummary | undefined> =>
      getJson<ViewList>(`${collector.url}api/v1/views`).then(({ views }) =>
        views.find((each) => each.route === '/never'),
      );
    await until('it is active', async () => (await active())?.active === 1);
    abort.abort();
    expect(await pending).toBe('aborted');
    await until('it is not active any more', async () => (await active())?.active === 0);
  });
});

test.each(['express', 'express4'])(
  'with %s, observes only what comes after it, each request once',
  async (framework) => {
    const collector = await startCollector({ port: 0 });
    const app = new Child(`${ROOT}test/middleware/fixtures/late.mjs`, {
      args: [framework],
      env: { HOLDUP_COLLECTOR: collector.url },
    });
    try {
      const url = await app.url();
      for (const path of ['/before', '/api/inside', '/first/shared', '/second/shared', '/after']) {
        for (let i = 0; i < 3; i++) expect((await fetch(url + path)).status).toBe(200);
      }
      const counts = await until('all routes are complete', async () => {
        const { views } = await getJson<ViewList>(`${collector.url}api/v1/views`);
        const requests = Object.fromEntries(views.map((each) => [each.route, each.requests]));
        return requests['/after'] === 3 && requests['/api/inside'] === 3 && requests['/shared'] === 6 && requests;
      });
      // Of one middleware in two routers nobody knows where it is; better no prefix than a wrong one.
      expect(counts).toEqual({ '/api/inside': 3, '/shared': 6, '/after': 3 });
    } finally {
      await app.stop();
      await collector.stop();
    }
  },
);
