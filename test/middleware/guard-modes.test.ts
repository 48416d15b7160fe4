import { readFileSync } from 'node:fs';
import { type Collector, startCollector } from 'holdup/collector';
import type { IncidentList, IncidentSummary } from 'holdup/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Child, getJson, ROOT, until } from '../support/child.js';

const FIXTURE = `${ROOT}test/middleware/fixtures/mistakes.mjs`;
/** The line in the fixture that has the text. */
const lineOf = (text: string): number =>
  readFileSync(FIXTURE, 'utf8')
    .split('\n')
    .findIndex((line) => line.includes(text)) + 1;

let collector: Collector;
let app: Child | undefined;

beforeEach(async () => {
  collector = await startCollector({ port: 0 });
});
afterEach(async () => {
  await app?.stop();
  await collector.stop();
});

async function start(env: Record<string, string>): Promise<string> {
  app = new Child(FIXTURE, { env: { HOLDUP_COLLECTOR: collector.url, ...env } });
  return app.url();
}

async function incident(operation: string): Promise<IncidentSummary> {
  return until(`${operation} is an incident`, async () => {
    const { incidents } = await getJson<IncidentList>(`${collector.url}api/v1/incidents`);
    return incidents.find((each) => each.operation === operation);
  });
}

test('reports a sync-only operation with its view, file, line and alternative, and lets it run', async () => {
  const url = await start({});
  for (let i = 0; i < 3; i++) expect((await fetch(`${url}/file`)).status).toBe(200);
  const seen = await incident('fs.readFileSync');
  expect(seen).toMatchObject({
    kind: 'sync-only',
    category: 'file',
    view: { method: 'GET', route: '/file', handler: 'readNow', kind: 'async' },
    site: { file: FIXTURE, line: lineOf('readFileSync(FILE)') },
    state: 'open',
  });
  expect(seen.alternative).toContain('readFile');
  await until('all three are counted, the first one cold', async () => {
    const { count, coldCount } = await incident('fs.readFileSync');
    return count === 2 && coldCount === 1;
  });
});

test('in throw mode the mistaken view answers 500 with SynchronousOnlyOperation and its repaired twin 200', async () => {
  const url = await start({ HOLDUP_MODE: 'throw' });
  const mistaken = await fetch(`${url}/file`);
  expect(mistaken.status).toBe(500);
  expect(await mistaken.text()).toContain('SynchronousOnlyOperation');
  expect((await fetch(`${url}/file/repaired`)).status).toBe(200);
  expect(await incident('fs.readFileSync')).toMatchObject({ thrownCount: 1 });
});

test('HOLDUP_ALLOW_ASYNC_UNSAFE lets both run and still records the incident', async () => {
  const url = await start({ HOLDUP_MODE: 'throw', HOLDUP_ALLOW_ASYNC_UNSAFE: '1' });
  expect((await fetch(`${url}/file`)).status).toBe(200);
  expect((await fetch(`${url}/file/repaired`)).status).toBe(200);
  expect(await incident('fs.readFileSync')).toMatchObject({ thrownCount: 0, view: { route: '/file' } });
});

test('HOLDUP_ALLOW_ASYNC_UNSAFE in production is loudly warned about', async () => {
  await start({ HOLDUP_MODE: 'throw', HOLDUP_ALLOW_ASYNC_UNSAFE: '1', NODE_ENV: 'production' });
  expect((await app?.said(/HOLDUP_ALLOW_ASYNC_UNSAFE.*/))?.[0]).toContain('production');
});

test('mode off records nothing and reports nothing', async () => {
  const url = await start({ HOLDUP_MODE: 'off' });
  expect((await fetch(`${url}/file`)).status).toBe(200);
  expect(app?.stderr).toBe('');
  expect(await getJson(`${collector.url}api/v1/instances`)).toEqual({ instances: [] });
});

test('names who waited for a call that held the loop, and how long', async () => {
  const url = await start({});
  await (await fetch(`${url}/login?rounds=1000`)).text();
  const waiting = [fetch(`${url}/wait/300`), fetch(`${url}/wait/300`)];
  await fetch(`${url}/login?rounds=400000`);
  await Promise.all(waiting);
  const seen = await until('the delay is known', async () => {
    const found = await incident('crypto.pbkdf2Sync');
    return found.delayedRequests >= 2 && found;
  });
  expect(seen.delayedMs).toBeGreaterThanOrEqual(seen.maxMs);
  const detail = await getJson<{ samples: { delayed: { route: string }[] }[] }>(
    `${collector.url}api/v1/incidents/${seen.fingerprint}`,
  );
  expect(detail.samples[0]?.delayed.map(({ route }) => route)).toContain('/wait/:ms');
});
