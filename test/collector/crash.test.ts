import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { IncidentList } from 'holdup/protocol';
import { toOtlpLogs } from 'holdup/protocol';
import Database from 'libsql';
import { afterAll, expect, test } from 'vitest';
import { incidentOf, instanceOf, sampleOf } from './fixture.js';

/** 50 for the full proof: HOLDUP_TEST_KILLS=50 npx vitest run test/collector/crash.test.ts */
const KILLS = Number(process.env.HOLDUP_TEST_KILLS ?? 6);
const SENDERS = 4;
const CLI = fileURLToPath(new URL('../../dist/collector/cli.js', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'holdup-crash-'));
const store = join(folder, 'collector.db');
let child: ChildProcess | undefined;

afterAll(() => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Starts `holdup collector` on any port; answers where it is. */
function start(): Promise<string> {
  const args = [CLI, 'collector', '--port', '0', '--store', store, '--log-level', 'warn'];
  const started = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  child = started;
  return new Promise((resolve, reject) => {
    let text = '';
    started.stdout.on('data', (data) => {
      text += data;
      const url = /^Holdup dashboard: (\S+)$/m.exec(text)?.[1];
      if (url !== undefined) resolve(url);
    });
    started.stderr.on('data', (data) => {
      text += data;
    });
    started.on('exit', () => reject(new Error(`The collector ended: ${text}`)));
  });
}

async function kill(signal: NodeJS.Signals): Promise<void> {
  const killed = child as ChildProcess;
  const ended = new Promise((resolve) => killed.once('close', resolve));
  killed.kill(signal);
  await ended;
}

test(
  `loses nothing it acknowledged and counts nothing twice through ${KILLS} × kill -9 under load`,
  async () => {
    let url = await start();
    let running = true;
    /** The counts of what was sent, by fingerprint; what was acknowledged. */
    const sent = new Map<string, number>();
    const acknowledged = new Set<string>();
    let batches = 0;
    let repeated = 0;

    /** One process: a batch after the other, each again and again until it is acknowledged. */
    const sender = async (number: number): Promise<void> => {
      for (let sequence = 1; running; sequence++) {
        // No one process may post as often as this for long.
        const instance = instanceOf({ id: `sender-${number}-${Math.floor(sequence / 200)}`, pid: number });
        const fresh = `v1-${number}-${sequence}`;
        const incidents = [fresh, 'v1-common'].map((fingerprint) =>
          incidentOf({ fingerprint, count: 2, totalMs: 20, samples: [sampleOf(10, sequence)] }),
        );
        for (const { fingerprint, count } of incidents) sent.set(fingerprint, (sent.get(fingerprint) ?? 0) + count);
        const body = JSON.stringify(toOtlpLogs({ instance, sequence, incidents }));
        for (let attempt = 0; ; attempt++) {
          if (attempt > 0) repeated++;
          try {
            const response = await fetch(new URL('v1/logs', url), {
              method: 'POST',
              headers: { 'Content-Type': 'application/json' },
              body,
            });
            await response.arrayBuffer();
            if (response.status === 200) break;
          } catch {
            // It was just killed.
          }
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        batches++;
        acknowledged.add(fresh);
      }
    };
    const senders = Array.from({ length: SENDERS }, (_, i) => sender(i + 1));

    for (let round = 0; round < KILLS; round++) {
      await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 250));
      const before = [...acknowledged];
      await kill('SIGKILL');
      url = await start();
      const found = await countsAt(url);
      expect(before.filter((fingerprint) => !found.has(fingerprint))).toEqual([]);
    }
    running = false;
    await Promise.all(senders);
    expect(Object.fromEntries(await countsAt(url))).toEqual(Object.fromEntries(sent));

    await kill('SIGTERM');
    const database = new Database(store);
    expect(database.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    database.close();
    console.log(
      `${KILLS} kills, ${batches} batches acknowledged, ${repeated} sent again, ${sent.size} groups, none lost`,
    );
  },
  KILLS * 10_000,
);

async function countsAt(url: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  let cursor: string | null = '';
  while (cursor !== null) {
    const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const response = await fetch(new URL(`api/v1/incidents?limit=500${query}`, url));
    const page = (await response.json()) as IncidentList;
    for (const { fingerprint, count } of page.incidents) counts.set(fingerprint, count);
    cursor = page.nextCursor;
  }
  return counts;
}
