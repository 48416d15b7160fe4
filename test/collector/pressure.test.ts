import { Agent, request } from 'node:http';
import { type Collector, startCollector } from 'holdup/collector';
import { type InstanceList, type Overview, toOtlpMetrics, type ViewList } from 'holdup/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Blocker } from '../watchdog/process.js';
import { Client, histogramOf, instanceOf, reportOf, until, viewReportOf } from './fixture.js';

/** More than one process may report at once: 500, and then 50 a second. */
const TOO_MANY = 700;

let collector: Collector;
let client: Client;
const agents: Agent[] = [];

beforeEach(async () => {
  collector = await startCollector({ port: 0 });
  client = new Client(collector);
});
afterEach(async () => {
  for (const agent of agents.splice(0)) agent.destroy();
  await collector.stop();
});

/** One connection, as each process and each OpenTelemetry Collector keeps one. */
class Line {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor() {
    agents.push(this.#agent);
  }

  post(body: string): Promise<{ status: number; retryAfter: number }> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const options = { method: 'POST', agent: this.#agent, headers };
      const sent = request(new URL('v1/metrics', collector.url), options, (response) => {
        response.resume();
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, retryAfter: Number(response.headers['retry-after']) });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }
}

let sequence = 0;
function reportsFrom(...ids: readonly string[]): string {
  const bodies = ids.map((id) =>
    toOtlpMetrics(
      reportOf({
        instance: instanceOf({ id, service: id }),
        sequence: ++sequence,
        views: [viewReportOf({ duration: histogramOf(0.1) })],
      }),
    ),
  );
  return JSON.stringify({ resourceMetrics: bodies.flatMap(({ resourceMetrics }) => resourceMetrics ?? []) });
}
const flood = reportsFrom.bind(null, ...Array<string>(TOO_MANY).fill('runaway'));

describe('a process that reports far too often', () => {
  test('is told when to come again, and is taken again then; nothing that was taken is lost', async () => {
    const line = new Line();
    // What is in one post is taken whole.
    expect((await line.post(flood())).status).toBe(200);
    const refused = await line.post(reportsFrom('runaway'));
    expect(refused.status).toBe(429);
    expect(refused.retryAfter).toBeGreaterThanOrEqual(1);
    expect(refused.retryAfter).toBeLessThanOrEqual(5);
    // From then on not even read.
    expect((await line.post('{"resourceMetrics":')).status).toBe(429);
    expect((await new Line().post(reportsFrom('runaway'))).status).toBe(429);
    expect((await new Line().post(reportsFrom('somebody else'))).status).toBe(200);
    await until(async () => (await line.post(reportsFrom('runaway'))).status === 200);
    const { views } = await client.json<ViewList>('api/v1/views?service=runaway');
    expect(views[0]?.requests).toBe(TOO_MANY + 1);
    const metrics = await (await client.get('metrics')).text();
    expect(metrics).toMatch(/^holdup_collector_refused_total\{status="429"\} [1-9]/m);
    expect((await client.json<Overview>('api/v1/overview')).dropped).toEqual({});
  });

  test('costs no other process that shares its connection, as behind an OpenTelemetry Collector', async () => {
    const shared = new Line();
    expect((await shared.post(reportsFrom('honest'))).status).toBe(200);
    expect((await shared.post(flood())).status).toBe(200);
    expect((await shared.post(reportsFrom('runaway'))).status).toBe(429);
    for (let i = 0; i < 10; i++) {
      expect((await shared.post(reportsFrom('honest'))).status).toBe(200);
      expect((await shared.post(reportsFrom('runaway', 'honest'))).status).toBe(200);
    }
  });

  test('is waited for by the watched process, which loses nothing', async () => {
    const watched = new Blocker({ destination: { type: 'remote', url: collector.url } });
    try {
      const id = `fixture-${watched.child.pid}`;
      const heard = async (): Promise<InstanceList['instances'][number] | undefined> =>
        (await client.json<InstanceList>('api/v1/instances')).instances.find((each) => each.id === id);
      await until(heard);
      // Somebody else under its name uses up all that it may send.
      await new Line().post(reportsFrom(...Array<string>(TOO_MANY).fill(id)));
      const floodedAt = Date.now();
      await until(async () => /refused_total\{status="429"\} [1-9]/.test(await (await client.get('metrics')).text()));
      await until(async () => ((await heard())?.lastSeen ?? 0) > floodedAt + 1000);
      expect(await heard()).toMatchObject({ dropped: 0, state: 'ok' });
      expect(watched.output).not.toMatch(/dropped|refuse/);
    } finally {
      await watched.kill();
    }
  });
});
