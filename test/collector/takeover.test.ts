import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IncidentDetail, InstanceList, TimelineHistory } from 'holdup/protocol';
import { afterAll, afterEach, expect, test } from 'vitest';
import { Blocker } from '../watchdog/process.js';
import { BOOKS_VIEW, Client, incidentOf, instanceOf, sampleOf, until, viewReportOf } from './fixture.js';

const folder = mkdtempSync(join(tmpdir(), 'holdup-takeover-'));
const watched: Blocker[] = [];

afterEach(async () => {
  await Promise.all(watched.splice(0).map((each) => each.kill()));
});
afterAll(() => {
  delete process.env.HOLDUP_STORE;
  rmSync(folder, { recursive: true, force: true });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function how(process: Blocker): unknown {
  return process.messages.findLast((message) => message.type === 'collector')?.how;
}

test('hands its history to the process that takes over when its owner is killed', async () => {
  const port = await freePort();
  // As every user of the machine has it: one place for whoever runs the collector.
  process.env.HOLDUP_STORE = join(folder, 'collector.db');
  for (let i = 0; i < 3; i++) watched.push(new Blocker({ destination: { type: 'embedded', port } }));
  const owner = await until(() => watched.find((each) => how(each) === 'embedded'));
  await until(() => watched.filter((each) => how(each) === 'joined').length === 2);
  const client = new Client({ url: `http://127.0.0.1:${port}/` });
  await client.report({ views: [viewReportOf({ view: BOOKS_VIEW, active: 4, activePeak: 9 })] });
  await client.incidents(instanceOf(), incidentOf({ count: 3, delayedMs: 40, samples: [sampleOf(100, 40)] }));
  const peak = async (): Promise<number> => {
    const { points } = await client.json<TimelineHistory>('api/v1/timeline?step=1');
    return Math.max(0, ...points.map(({ active }) => active['GET /books/:id'] ?? 0));
  };
  await until(async () => (await peak()) === 9);

  await owner.kill();
  const killedAt = performance.now();
  const rest = watched.filter((each) => each !== owner);
  await until(() => rest.some((each) => how(each) === 'embedded'));
  const ids = rest.map((each) => `fixture-${each.child.pid}`);
  await until(async () => {
    const { instances } = await client.json<InstanceList>('api/v1/instances');
    return ids.every((id) => instances.some((each) => each.id === id && each.state === 'ok'));
  });
  console.log(`another process took over within ${Math.round(performance.now() - killedAt)} ms of SIGKILL`);

  const detail = await client.json<IncidentDetail>('api/v1/incidents/v1-export');
  expect(detail).toMatchObject({ count: 3, delayedMs: 40, samples: [{ durationMs: 100 }] });
  expect(await peak()).toBe(9);
});
