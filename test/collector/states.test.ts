import { type Collector, startCollector } from 'holdup/collector';
import type { IncidentDetail, Overview, Problem, TimelineHistory } from 'holdup/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Client, histogramOf, incidentOf, instanceOf, until, viewReportOf } from './fixture.js';

let collector: Collector;
let client: Client;

beforeEach(async () => {
  collector = await startCollector({ port: 0 });
  client = new Client(collector);
  await client.incidents(instanceOf(), incidentOf({ lastSeen: Date.now() - 1000 }));
});
afterEach(() => collector.stop());

function decide(body: unknown, headers: Record<string, string> = {}, path = 'v1-export'): Promise<Response> {
  return fetch(new URL(`api/v1/incidents/${path}/state`, client.url), {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

describe('the state of an incident', () => {
  test('is a decision with a reason, and the page hears of it at once', async () => {
    const live = client.live();
    await live.message(({ type }) => type === 'snapshot');
    const answer = await decide({ state: 'resolved', reason: '  streams it now  ' });
    expect(answer.status).toBe(200);
    expect((await answer.json()) as IncidentDetail).toMatchObject({
      fingerprint: 'v1-export',
      state: 'resolved',
      stateReason: 'streams it now',
      stateSince: expect.any(Number),
      regression: null,
    });
    await live.message((message) => message.type === 'incident' && message.incident.state === 'resolved');
    live.close();
    expect((await client.json<Overview>('api/v1/overview')).incidents).toEqual({ open: 0, total: 1 });
    expect((await decide({ state: 'open' })).status).toBe(200);
    expect((await client.json<Overview>('api/v1/overview')).incidents).toEqual({ open: 1, total: 1 });
  });

  test('goes back to open when it returns, and says since which version', async () => {
    await decide({ state: 'resolved' });
    await until(async () => {
      await client.incidents(instanceOf({ id: 'new', serviceVersion: '2.0.0' }), incidentOf({ lastSeen: Date.now() }));
      return (await client.json<IncidentDetail>('api/v1/incidents/v1-export')).state === 'open';
    });
    const { regression, versions } = await client.json<IncidentDetail>('api/v1/incidents/v1-export');
    expect(regression).toMatchObject({ serviceVersion: '2.0.0', lastVersion: '1.2.3' });
    expect(versions.map(({ serviceVersion }) => serviceVersion)).toEqual(['1.2.3', '2.0.0']);
    const { incidents } = await client.json<Overview>('api/v1/overview');
    expect(incidents.open).toBe(1);
    // The next decision clears the mark.
    await decide({ state: 'open' });
    expect((await client.json<IncidentDetail>('api/v1/incidents/v1-export')).regression).toBeNull();
  });

  test('leaves an ignored one ignored when it returns, and out of the verdict', async () => {
    await decide({ state: 'ignored', reason: 'a nightly export' });
    const { verdict } = await client.json<Overview>('api/v1/overview');
    await client.incidents(instanceOf(), incidentOf({ count: 50, totalMs: 30_000, lastSeen: Date.now() + 5 }));
    expect(await client.json<IncidentDetail>('api/v1/incidents/v1-export')).toMatchObject({
      state: 'ignored',
      count: 51,
    });
    expect(verdict).not.toContain('/export');
    expect((await client.json<Overview>('api/v1/overview')).culprit).toBeNull();
  });

  test.each([
    ['an unknown state', { state: 'gone' }, /'open', 'resolved' or 'ignored'/],
    ['no state', {}, /state/],
    ['no reason to ignore', { state: 'ignored' }, /say why/],
    ['an endless reason', { state: 'open', reason: 'x'.repeat(1001) }, /at most 1000/],
    ['another field', { state: 'open', by: 'me' }, /no field by/],
    ['a list', ['open'], /accepted/],
  ])('refuses %s', async (_name, body, detail) => {
    const answer = await decide(body);
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as Problem).detail).toMatch(detail);
  });

  test('of what does not exist is not there, and no form and no other site may change it', async () => {
    expect((await decide({ state: 'open' }, {}, 'v1-nothing')).status).toBe(404);
    expect((await decide({ state: 'open' }, { Origin: 'http://evil.example' })).status).toBe(403);
    expect((await decide({ state: 'open' }, { Origin: `http://127.0.0.1:${collector.port}` })).status).toBe(200);
    // What a form of another page can send without asking.
    expect((await decide({ state: 'resolved' }, { 'Content-Type': 'text/plain' })).status).toBe(400);
    expect((await client.json<IncidentDetail>('api/v1/incidents/v1-export')).state).toBe('open');
  });
});

describe('the time axis', () => {
  test('without a store has the last 15 minutes', async () => {
    await client.report({
      views: [viewReportOf({ activePeak: 3 })],
      loop: { delay: histogramOf(0.2), utilization: 0.5 },
    });
    await until(async () => {
      const { points, stepMs } = await client.json<TimelineHistory>(`api/v1/timeline?from=${Date.now() - 60_000}`);
      expect(stepMs).toBe(1000);
      return points.some(({ active }) => active['GET /export'] === 3);
    });
  });

  test.each([
    ['from=yesterday', /epoch milliseconds/],
    ['from=2000&to=1000', /before/],
    ['step=7', /one of 1, 10, 60/],
    [`from=${Date.now() - 7 * 86_400_000}&step=60`, /more than 3600 points/],
    ['until=1', /no parameter until/],
  ])('refuses ?%s', async (query, detail) => {
    const answer = await client.get(`api/v1/timeline?${query}`);
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as Problem).detail).toMatch(detail);
  });
});
