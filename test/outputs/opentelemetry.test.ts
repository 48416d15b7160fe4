import { afterAll, beforeAll, expect, test } from 'vitest';
import { Child, getJson, ROOT, until } from '../support/child.js';

interface Telemetry {
  readonly points: readonly { name: string; unit: string; points: readonly Record<string, string>[] }[];
  readonly spans: readonly {
    attributes: Record<string, number>;
    events: readonly { name: string; attributes: Record<string, unknown> }[];
  }[];
}

let app: Child;
let url: string;

beforeAll(async () => {
  app = new Child(`${ROOT}test/outputs/fixtures/opentelemetry.mjs`, { env: { HOLDUP_COLLECTOR: 'false' } });
  url = await app.url();
});
afterAll(() => app.stop());

test("records into the app's own OpenTelemetry SDK, by the names of the design", async () => {
  const telemetry = await until('the SDK was told', async () => {
    await (await fetch(`${url}/login/ada`)).text();
    const told = await getJson<Telemetry>(`${url}/telemetry`);
    return told.points.some(({ name }) => name === 'holdup.sync_only_operation.duration') && told;
  });
  const metric = (name: string) => telemetry.points.find((each) => each.name === name);
  expect(metric('holdup.request.busy.duration')).toMatchObject({ unit: 's' });
  expect(metric('holdup.request.busy.duration')?.points).toContainEqual(
    expect.objectContaining({ 'http.request.method': 'GET', 'http.route': '/login/:user' }),
  );
  expect(metric('holdup.request.wait.duration')).toMatchObject({ unit: 's' });
  expect(metric('holdup.sync_only_operations')?.points).toContainEqual(
    expect.objectContaining({ 'http.route': '/login/:user', 'holdup.operation': 'crypto.pbkdf2Sync' }),
  );
});

test('puts the busy time and an event for the operation on the active server span', async () => {
  const span = await until('a span has it', async () => {
    await (await fetch(`${url}/login/ada`)).text();
    const { spans } = await getJson<Telemetry>(`${url}/telemetry`);
    return spans.find(
      ({ attributes, events }) => (attributes['holdup.request.busy.duration'] ?? 0) > 0 && events.length > 0,
    );
  });
  const event = span.events.find(({ name }) => name === 'holdup.sync_only_operation');
  expect(event?.attributes).toMatchObject({ 'holdup.operation': 'crypto.pbkdf2Sync' });
  expect(String(event?.attributes['code.file.path'])).toContain('opentelemetry.mjs');
  expect(event?.attributes['code.line.number']).toBeGreaterThan(0);
});
