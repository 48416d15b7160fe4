import { request } from 'node:http';
import { type Collector, CollectorError, DEFAULT_HOST, DEFAULT_PORT, startCollector } from 'holdup/collector';
import { toOtlpMetrics } from 'holdup/protocol';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Client, reportOf } from './fixture.js';

const TOKEN = 'correct-horse-battery';
const started: Collector[] = [];

async function start(options: Parameters<typeof startCollector>[0] = {}): Promise<Collector> {
  const collector = await startCollector({ port: 0, ...options });
  started.push(collector);
  return collector;
}

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(started.splice(0).map((collector) => collector.stop()));
});

/** `fetch` does not let one choose the Host header. */
function statusWithHost(collector: Collector, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL('api/v1/overview', collector.url), { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('a token', () => {
  test('is asked for at every door, and opens every door', async () => {
    const collector = await start({ token: TOKEN });
    const stranger = new Client(collector);
    const wrong = new Client(collector, { Authorization: 'Bearer wrong-horse-battery' });
    const friend = new Client(collector, { Authorization: `Bearer ${TOKEN}` });
    const body = JSON.stringify(toOtlpMetrics(reportOf()));
    for (const [client, ok, upgraded] of [
      [stranger, 401, 401],
      [wrong, 401, 401],
      [friend, 200, 101],
    ] as const) {
      const statuses = [];
      for (const path of ['api/v1/overview', 'metrics']) statuses.push((await client.get(path)).status);
      statuses.push((await client.post('v1/metrics', body)).status, (await client.post('v1/logs', '{}')).status);
      expect(statuses).toEqual([ok, ok, ok, ok]);
      const live = client.live();
      expect(await live.refused).toBe(upgraded);
      live.close();
    }
    expect((await stranger.get('')).status).toBe(401);
    const refused = await stranger.get('api/v1/overview');
    expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(await refused.json()).toMatchObject({ status: 401, title: 'Unauthorized' });
  });

  test('is not asked for by /healthz, where a process recognises a Holdup', async () => {
    const collector = await start({ token: TOKEN });
    const response = await new Client(collector).get('healthz');
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ service: 'holdup-collector', version: expect.stringMatching(/^\d/) });
  });

  test('has a login link that becomes a cookie once and leaves the address bar', async () => {
    const collector = await start({ token: TOKEN });
    const login = await new Client(collector).get(String(collector.loginUrl));
    expect(login.status).toBe(303);
    expect(login.headers.get('location')).toBe('./');
    const cookie = login.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/; HttpOnly/);
    expect(cookie).toMatch(/; SameSite=Lax/);
    expect(cookie).not.toContain(TOKEN);
    const browser = new Client(collector, { Cookie: `theme=dark; ${cookie.split(';')[0]}` });
    expect((await browser.get('api/v1/overview')).status).toBe(200);
    const live = browser.live();
    expect(await live.refused).toBe(101);
    live.close();
    const again = await new Client(collector).get(String(collector.loginUrl));
    expect([again.status, again.headers.get('set-cookie')]).toEqual([401, null]);
    // Whoever is in already may follow the old link, and lands on the page.
    expect((await browser.get(String(collector.loginUrl))).status).toBe(303);
  });

  test('is what the page asks a person for, and no script is', async () => {
    const collector = await start({ token: TOKEN });
    const person = new Client(collector, { Accept: 'text/html' });
    const page = await person.get('');
    expect(page.status).toBe(401);
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'; form-action 'self'/);
    expect(page.headers.get('www-authenticate')).toBeNull();
    expect(await page.text()).toContain('<form method="post" action="login">');
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const logIn = (token: string, more: Record<string, string> = {}): Promise<Response> =>
      fetch(new URL('login', collector.url), {
        method: 'POST',
        body: new URLSearchParams({ token }),
        headers: { ...form, ...more },
        redirect: 'manual',
      });
    const wrong = await logIn('wrong-horse-battery');
    expect([wrong.status, wrong.headers.get('set-cookie')]).toEqual([401, null]);
    expect((await logIn(TOKEN, { Origin: 'http://evil.example' })).status).toBe(403);
    const right = await logIn(TOKEN, { Origin: `http://127.0.0.1:${collector.port}` });
    expect([right.status, right.headers.get('location')]).toEqual([303, './']);
    expect(right.headers.get('set-cookie')).toMatch(/; HttpOnly/);
  });

  test('cannot be made from the cookie of another collector', async () => {
    const [mine, other] = [await start({ token: TOKEN }), await start({ token: 'another-horse-battery' })];
    const cookie = (await new Client(other).get(String(other.loginUrl))).headers.get('set-cookie') ?? '';
    const forged = cookie.split(';')[0]?.replace(String(other.port), String(mine.port)) ?? '';
    expect((await new Client(mine, { Cookie: forged }).get('api/v1/overview')).status).toBe(401);
    const extended = forged.replace(/=\d+\./, '=9999999999999.');
    expect((await new Client(mine, { Cookie: extended }).get('api/v1/overview')).status).toBe(401);
  });

  test('is asked for again when the link is an hour old, and the cookie a month', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const collector = await start({ token: TOKEN });
    const late = await start({ token: TOKEN });
    const follow = (link: Collector): Promise<Response> => new Client(link).get(String(link.loginUrl));
    const cookie = (await follow(collector)).headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/; Max-Age=2592000;/);
    const browser = new Client(collector, { Cookie: cookie.split(';')[0] ?? '' });
    vi.setSystemTime(Date.now() + 3_601_000);
    expect((await follow(late)).status).toBe(401);
    expect((await browser.get('api/v1/overview')).status).toBe(200);
    vi.setSystemTime(Date.now() + 30 * 86_400_000);
    expect((await browser.get('api/v1/overview')).status).toBe(401);
    const live = browser.live();
    expect(await live.refused).toBe(401);
    live.close();
  });

  test('does not let another site use the browser that has its cookie', async () => {
    const collector = await start({ token: TOKEN, basePath: '/holdup' });
    const login = await new Client(collector).get(String(collector.loginUrl));
    const cookie = login.headers.get('set-cookie') ?? '';
    // Only what is ours gets it, and over plain HTTP it cannot be marked Secure.
    expect(cookie).toMatch(/; Path=\/holdup\/;/);
    expect(cookie).not.toMatch(/; Secure/);
    const browser = new Client(collector, { Cookie: cookie.split(';')[0] ?? '' });
    const evil = { Origin: 'http://evil.example' };
    const live = browser.live(evil);
    expect(await live.refused).toBe(403);
    live.close();
    const decision = JSON.stringify({ state: 'ignored', reason: 'nothing to see here' });
    const put = (headers: Record<string, string>): Promise<Response> =>
      fetch(new URL('api/v1/incidents/v1-x/state', collector.url), {
        method: 'PUT',
        headers: { 'Content-Type': 'application/json', ...browser.headers, ...headers },
        body: decision,
      });
    expect((await put(evil)).status).toBe(403);
    expect((await put({ Origin: `http://127.0.0.1:${collector.port}` })).status).toBe(404);
  });

  test('makes the cookie Secure behind a proxy that speaks HTTPS', async () => {
    const collector = await start({ token: TOKEN, trustProxy: true });
    const login = await new Client(collector).get(String(collector.loginUrl), { 'X-Forwarded-Proto': 'https' });
    expect(login.headers.get('set-cookie')).toMatch(/; Secure/);
  });
});

describe('an ingest token', () => {
  test('lets a process report, and read nothing', async () => {
    const ingestToken = 'write-only-battery';
    for (const options of [{ token: TOKEN, ingestToken }, { ingestToken }]) {
      const collector = await start(options);
      const writer = new Client(collector, { Authorization: `Bearer ${ingestToken}` });
      const body = JSON.stringify(toOtlpMetrics(reportOf()));
      expect((await writer.post('v1/metrics', body)).status).toBe(200);
      expect((await writer.post('v1/logs', '{}')).status).toBe(200);
      expect((await new Client(collector).post('v1/metrics', body)).status).toBe(401);
      if (options.token === undefined) continue;
      for (const path of ['api/v1/overview', 'api/v1/incidents', 'metrics', '']) {
        expect([path, (await writer.get(path)).status]).toEqual([path, 401]);
      }
      const live = writer.live();
      expect(await live.refused).toBe(401);
      live.close();
      const owner = new Client(collector, { Authorization: `Bearer ${TOKEN}` });
      expect((await owner.post('v1/metrics', body)).status).toBe(200);
    }
  });

  test('of a browser session is none: a cookie may not write reports', async () => {
    const collector = await start({ token: TOKEN });
    const cookie = (await new Client(collector).get(String(collector.loginUrl))).headers.get('set-cookie') ?? '';
    const browser = new Client(collector, { Cookie: cookie.split(';')[0] ?? '' });
    expect((await browser.get('api/v1/overview')).status).toBe(200);
    expect((await browser.post('v1/logs', '{}')).status).toBe(401);
  });
});

describe('a page of another origin', () => {
  test('may not open the live feed', async () => {
    const collector = await start();
    const client = new Client(collector);
    const own = `http://127.0.0.1:${collector.port}`;
    for (const [origin, status] of [
      ['http://evil.example', 403],
      [`http://127.0.0.1:${collector.port + 1}`, 403],
      ['null', 403],
      [`https://127.0.0.1.evil.example:${collector.port}`, 403],
      [own, 101],
    ] as const) {
      const live = client.live({ Origin: origin });
      expect([origin, await live.refused]).toEqual([origin, status]);
      live.close();
    }
  });

  test('may not read through a name that was made to point here', async () => {
    const collector = await start();
    expect(await statusWithHost(collector, `evil.example:${collector.port}`)).toBe(403);
    expect(await statusWithHost(collector, `localhost:${collector.port}`)).toBe(200);
    expect(await statusWithHost(collector, `127.0.0.1:${collector.port}`)).toBe(200);
  });

  test('may open the live feed through a trusted proxy only under the name the proxy tells', async () => {
    const collector = await start({ trustProxy: true });
    const client = new Client(collector);
    const through = client.live({ Origin: 'https://holdup.example', 'X-Forwarded-Host': 'holdup.example' });
    expect(await through.refused).toBe(101);
    through.close();
    const beside = client.live({ Origin: 'https://evil.example', 'X-Forwarded-Host': 'holdup.example' });
    expect(await beside.refused).toBe(403);
  });
});

test('every answer carries a strict content security policy and the usual headers', async () => {
  const collector = await start();
  for (const path of ['', 'healthz', 'api/v1/overview', 'nothing-here']) {
    const { headers } = await new Client(collector).get(path);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; /);
    expect(policy).not.toContain('unsafe');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('access-control-allow-origin')).toBeNull();
  }
});

test('what is not there answers 404, also for paths that climb out', async () => {
  const client = new Client(await start());
  for (const path of ['nothing', 'api/v1/nothing', '..%2f..%2fpackage.json', 'assets/%2e%2e/%2e%2e/package.json']) {
    const response = await client.get(path);
    expect([path, response.status]).toEqual([path, expect.toSatisfy((status) => status === 404 || status === 403)]);
    expect(await response.text()).not.toContain('"dependencies"');
  }
  const elsewhere = client.live();
  elsewhere.close();
  expect((await client.get('api/v1/live')).status).toBe(426);
});

test('a base path is where everything is, and leads to itself', async () => {
  const collector = await start({ basePath: '/holdup/' });
  expect(collector.url).toBe(`http://127.0.0.1:${collector.port}/holdup/`);
  const client = new Client(collector);
  expect((await client.get('api/v1/overview')).status).toBe(200);
  expect((await client.get('/api/v1/overview')).status).toBe(404);
  expect((await client.get('/holdup')).headers.get('location')).toBe('/holdup/');
  const live = client.live();
  expect(await live.refused).toBe(101);
  live.close();
});

test('without being told otherwise it is on H-O-L-D of loopback', () => {
  expect([DEFAULT_HOST, DEFAULT_PORT]).toEqual(['127.0.0.1', 4653]);
});

describe('startCollector refuses', () => {
  test.each([
    [{ host: '0.0.0.0' }, 'HOLDUP_TOKEN_REQUIRED', /HOLDUP_TOKEN/],
    [{ host: '::' }, 'HOLDUP_TOKEN_REQUIRED', /token is required/],
    [{ port: 70_000 }, 'HOLDUP_INVALID_OPTION', /port is 70000; accepted is a whole number from 0 to 65535/],
    [{ port: '80' as never }, 'HOLDUP_INVALID_OPTION', /port is "80"/],
    [{ token: 'short' }, 'HOLDUP_INVALID_OPTION', /token is not accepted; accepted is .*8 characters/],
    [{ basePath: 'holdup' }, 'HOLDUP_INVALID_OPTION', /basePath is "holdup"/],
    [{ colour: 'red' } as never, 'HOLDUP_INVALID_OPTION', /no option "colour"; there are port, host/],
  ])('%o with %s', async (options, code, message) => {
    const error = await startCollector(options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CollectorError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect((error as Error).message).not.toContain('short');
  });

  test('a port in use, and says what to do', async () => {
    const { port } = await start();
    const error = await startCollector({ port }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'HOLDUP_PORT_IN_USE',
      message: expect.stringMatching(/Port \d+ on 127\.0\.0\.1 is in use.*choose another port/),
    });
  });
});

test('stopping twice is stopping once, and frees the port', async () => {
  const { port, stop } = await startCollector({ port: 0 });
  await Promise.all([stop(), stop()]);
  const again = await startCollector({ port });
  await again.stop();
});
