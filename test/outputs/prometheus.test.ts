import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collector, startCollector } from 'holdup/collector';
import { PROMETHEUS_METRICS } from 'holdup/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Child, getJson, ROOT, until } from '../support/child.js';

const PROMETHEUS = '/usr/bin/prometheus';
const PROMTOOL = '/usr/bin/promtool';

let collector: Collector;
let app: Child;
let url: string;

beforeAll(async () => {
  collector = await startCollector({ port: 0 });
  app = new Child(`${ROOT}test/outputs/fixtures/prometheus.mjs`, { env: { HOLDUP_COLLECTOR: collector.url } });
  url = await app.url();
});
afterAll(async () => {
  await app.stop();
  await collector.stop();
});

async function metrics(base: string): Promise<string> {
  return (await fetch(`${base}/metrics`)).text();
}

/** The page of `base` once it has counted sync-only operations, which every scrape can show a second later. */
async function filledMetrics(base: string): Promise<string> {
  return until(`${base} counts pbkdf2Sync`, async () => {
    await (await fetch(`${url}/login`)).text();
    await (await fetch(`${url}/file`)).text();
    const page = await metrics(base);
    return page.includes('operation="crypto.pbkdf2Sync"') && page;
  });
}

describe.each([
  ['the app', () => url],
  ['the collector', () => collector.url.slice(0, -1)],
])('%s', (_name, base) => {
  test('exposes every metric of the design with its labels and none of file, line or fingerprint', async () => {
    const page = await filledMetrics(base());
    for (const { name, type } of Object.values(PROMETHEUS_METRICS)) expect(page).toContain(`# TYPE ${name} ${type}`);
    expect(page).toMatch(
      /holdup_request_busy_duration_seconds_bucket\{.*method="GET".*route="\/login".*\}|holdup_request_busy_duration_seconds_bucket\{.*route="\/login".*method="GET".*\}/,
    );
    expect(page).toMatch(/holdup_sync_only_operations_total\{[^}]*operation="crypto.pbkdf2Sync"[^}]*\} [1-9]/);
    expect(page).not.toMatch(/^holdup_\w+\{[^}]*\b(file|line|fingerprint)=/m);
    expect(page).not.toMatch(/^nodejs_/m);
  });

  test.runIf(existsSync(PROMTOOL))('is clean in the eyes of promtool', async () => {
    const page = await filledMetrics(base());
    const ours = page.split('\n').filter((line) => /^(# (HELP|TYPE) )?holdup_/.test(line));
    // promtool exits with a failure and says why when a line is wrong.
    expect(execFileSync(PROMTOOL, ['check', 'metrics'], { input: `${ours.join('\n')}\n`, encoding: 'utf8' })).toBe('');
  });
});

test("keeps the app's own metrics beside ours", async () => {
  expect(await metrics(url)).toContain('app_answer 42');
});

test.runIf(existsSync(PROMETHEUS))('is scraped by a real Prometheus, app and collector alike', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'holdup-prometheus-'));
  const port = await freePort();
  const target = (base: string): string => new URL(base).host;
  writeFileSync(
    join(directory, 'prometheus.yml'),
    `global: { scrape_interval: 1s }
scrape_configs:
  - { job_name: app, static_configs: [{ targets: ['${target(url)}'] }] }
  - { job_name: collector, static_configs: [{ targets: ['${target(collector.url)}'] }] }
`,
  );
  const prometheus = spawn(PROMETHEUS, [
    `--config.file=${directory}/prometheus.yml`,
    `--storage.tsdb.path=${directory}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  const exited = once(prometheus, 'exit');
  try {
    await filledMetrics(url);
    for (const job of ['app', 'collector']) {
      const query = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(
        `sum(holdup_sync_only_operations_total{job="${job}",operation="crypto.pbkdf2Sync"})`,
      )}`;
      const value = await until(`Prometheus has scraped the ${job}`, async () => {
        const answer = await getJson<{ data: { result: { value: [number, string] }[] } }>(query).catch(() => null);
        return Number(answer?.data.result[0]?.value[1] ?? 0) || null;
      });
      expect(value).toBeGreaterThan(0);
    }
  } finally {
    prometheus.kill();
    await exited;
    rmSync(directory, { recursive: true, force: true });
  }
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
