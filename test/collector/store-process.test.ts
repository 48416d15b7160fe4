import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type IncidentList, toOtlpLogs } from 'holdup/protocol';
import Database from 'libsql';
import { afterAll, afterEach, expect, test } from 'vitest';
import { CollectorProcess } from './collector-process.js';
import { Client, incidentOf, instanceOf, sampleOf, until } from './fixture.js';

/** SQLite's driver works in a process of its own. What happens when only that one dies. */

const KILLS = Number(process.env.HOLDUP_TEST_KILLS ?? 4);
const SENDERS = 3;
const folder = mkdtempSync(join(tmpdir(), 'holdup-store-process-'));
let collector: CollectorProcess | undefined;

afterEach(() => collector?.end('SIGKILL'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test(
  `is started again, loses nothing and counts nothing twice through ${KILLS} × kill -9 of the store alone`,
  async () => {
    const store = join(folder, 'killed.db');
    collector = await CollectorProcess.start('--store', store);
    const client = new Client(collector);
    let running = true;
    let batches = 0;
    const sent = new Map<string, number>();

    const sender = async (number: number): Promise<void> => {
      for (let sequence = 1; running; sequence++) {
        // No one process may post as often as this for long.
        const instance = instanceOf({ id: `sender-${number}-${Math.floor(sequence / 200)}`, pid: number });
        const incidents = [`v1-${number}-${sequence % 50}`, 'v1-common'].map((fingerprint) =>
          incidentOf({ fingerprint, count: 2, totalMs: 20, samples: [sampleOf(10, sequence)] }),
        );
        const body = JSON.stringify(toOtlpLogs({ instance, sequence, incidents }));
        const response = await client.post('v1/logs', body);
        await response.arrayBuffer();
        expect(response.status).toBe(200);
        for (const { fingerprint, count } of incidents) sent.set(fingerprint, (sent.get(fingerprint) ?? 0) + count);
        batches++;
      }
    };
    const senders = Promise.all(Array.from({ length: SENDERS }, (_, i) => sender(i + 1)));

    const downMs: number[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      const pid = await until(() => collector?.storePid);
      await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 300));
      process.kill(pid, 'SIGKILL');
      const killedAt = performance.now();
      await until(async () => (await client.get('readyz')).status === 503);
      expect(await (await client.get('metrics')).text()).toMatch(/^holdup_collector_store_up 0$/m);
      // Who dies again and again is started again after up to 5 s.
      await until(async () => (await client.get('readyz')).status === 200).catch(() => undefined);
      await until(async () => (await client.get('readyz')).status === 200);
      downMs.push(performance.now() - killedAt);
    }
    running = false;
    await senders;
    const metrics = await (await client.get('metrics')).text();
    expect(metrics).toMatch(/^holdup_collector_store_up 1$/m);
    expect(Number(/^holdup_collector_store_failures_total (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThanOrEqual(KILLS);

    // A second later all of it is in the file: killing the collector too takes none of it away.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await collector.end('SIGKILL');
    collector = await CollectorProcess.start('--store', store);
    const { incidents } = await new Client(collector).json<IncidentList>('api/v1/incidents?limit=500');
    const found = new Map(incidents.map(({ fingerprint, count }) => [fingerprint, count]));
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(sent));
    await collector.end('SIGTERM');
    const database = new Database(store);
    expect(database.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    database.close();
    console.log(
      `${KILLS} kills of the store's process, ${batches} batches, ready again after ${Math.round(Math.max(...downMs))} ms at most, every sum exact`,
    );
  },
  KILLS * 15_000 + 30_000,
);

test('does not hold up the end of the collector when it answers no more', async () => {
  collector = await CollectorProcess.start('--store', join(folder, 'stopped.db'));
  const pid = await until(() => collector?.storePid);
  await new Client(collector).report();
  process.kill(pid, 'SIGSTOP');
  try {
    const startedAt = performance.now();
    await collector.end('SIGTERM');
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  } finally {
    process.kill(pid, 'SIGKILL');
  }
});
