import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collector, startCollector } from 'holdup/collector';
import type { IncidentList } from 'holdup/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Child, getJson, ROOT, until } from '../support/child.js';

const HOLDUP = `${ROOT}dist/collector/cli.js`;
const FIXTURES = `${ROOT}test/register/fixtures/`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdup-run-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function holdup(args: string[], env: Record<string, string> = {}, cwd = ROOT): Child {
  return new Child(HOLDUP, { args, env: { HOLDUP_COLLECTOR: 'false', ...env }, cwd });
}

test.each([
  ['a script', ['run', `${FIXTURES}plain.mjs`, '5']],
  ['a script after two dashes', ['run', '--', `${FIXTURES}plain.mjs`, '5']],
  ["node's own options", ['run', '--no-warnings', `${FIXTURES}plain.mjs`, '5']],
  ['node and a script', ['run', 'node', `${FIXTURES}plain.mjs`, '5']],
  ['any other command', ['run', 'sh', '-c', `node ${FIXTURES}plain.mjs 5`]],
])('holdup run watches %s and ends with its exit code', async (_what, args) => {
  const child = holdup(args);
  expect(await child.exited).toBe(5);
  expect(child.stdout).toBe('read true\n');
  expect(child.stderr.match(/guard armed/g)).toHaveLength(1);
});

test('holdup run npm start watches the program and not npm', async () => {
  const script = `node ${FIXTURES}plain.mjs 5`;
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'shop', scripts: { start: script } }));
  const child = holdup(['run', 'npm', 'start', '--silent'], {}, folder);
  expect(await child.exited).toBe(5);
  expect(child.stderr.match(/guard armed/g)).toHaveLength(1);
});

test('holdup run passes arguments, and a signal whose answer is the program’s own', async () => {
  const child = holdup(['run', `${FIXTURES}signals.mjs`, '--port', '0']);
  await child.said(/ready \d+ --port 0/);
  expect(await child.stop('SIGTERM')).toBe(7);
  expect(child.stdout).toContain('got SIGTERM');
});

test('holdup run dies of the signal that its program died of', async () => {
  const child = holdup(['run', `${FIXTURES}signals.mjs`]);
  const pid = Number((await child.said(/ready (\d+)/))[1]);
  process.kill(pid, 'SIGKILL');
  await child.exited;
  expect(child.process.signalCode).toBe('SIGKILL');
});

test('holdup run says which command it cannot find', async () => {
  const child = holdup(['run', 'no-such-command']);
  expect(await child.exited).toBe(127);
  expect(child.stderr).toBe('holdup: cannot start no-such-command: not found\n');
});

test('holdup run prints where it reports to, and what it saw is there', async () => {
  const collector: Collector = await startCollector({ port: 0 });
  const child = holdup(['run', '--collector', collector.url, '--service', 'run', `${FIXTURES}app.mjs`]);
  try {
    await child.said(new RegExp(`holdup: reporting to ${collector.url}`));
    await (await fetch(`${await child.url()}/shop/books/1`)).text();
    await until('the collector knows the call', async () => {
      const { incidents } = await getJson<IncidentList>(`${collector.url}api/v1/incidents?service=run`);
      return incidents.some(({ operation }) => operation === 'fs.readFileSync');
    });
  } finally {
    await child.stop();
    await collector.stop();
  }
});
