import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { startCollector } from 'holdup/collector';
import { type Overview, toOtlpLogs } from 'holdup/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { incidentOf, instanceOf, until } from './fixture.js';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
const CLI = join(DIST, 'collector', 'cli.js');

let folder: string;
const children: ChildProcess[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdup-cli-'));
});
afterEach(() => {
  // The whole group: `holdup run` has a child of its own.
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid as number), 'SIGKILL');
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly child: ChildProcess;
  readonly output: { stdout: string; stderr: string };
  readonly end: Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }>;
}

function holdup(args: string[], env: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, [CLI, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { PATH: process.env.PATH ?? '', HOLDUP_STORE: 'memory', ...env },
  });
  children.push(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => {
    output.stdout += data;
  });
  child.stderr.on('data', (data) => {
    output.stderr += data;
  });
  const end = new Promise<Awaited<Run['end']>>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, ...output }));
  });
  return { child, output, end };
}

function script(name: string, source: string): string {
  const file = join(folder, name);
  writeFileSync(file, source);
  return file;
}

describe('holdup collector', () => {
  test('prints where the dashboard is, serves it, and stops at SIGTERM', async () => {
    const { child, output, end } = holdup(['collector', '--port', '0']);
    const url = await until(() => /Holdup dashboard: (http:\/\/127\.0\.0\.1:\d+\/)/.exec(output.stdout)?.[1]);
    const health = await (await fetch(new URL('healthz', url))).json();
    expect(health).toMatchObject({ service: 'holdup-collector' });
    child.kill('SIGTERM');
    expect(await end).toMatchObject({ code: 0, signal: null });
    const logged = output.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(logged).toMatchObject([
      { msg: 'The collector listens.', store: 'memory' },
      { msg: 'The collector stopped.' },
    ]);
  });

  test('takes its settings from the environment, and never prints the token', async () => {
    const { child, output, end } = holdup(['collector'], { HOLDUP_PORT: '0', HOLDUP_TOKEN: 'correct-horse' });
    const url = await until(() => /Holdup dashboard: (http:\S+)/.exec(output.stdout)?.[1]);
    expect((await fetch(new URL('api/v1/overview', url))).status).toBe(401);
    const headers = { Authorization: 'Bearer correct-horse' };
    expect((await fetch(new URL('api/v1/overview', url), { headers })).status).toBe(200);
    child.kill('SIGINT');
    const { code, stdout, stderr } = await end;
    expect(code).toBe(0);
    expect(stdout + stderr).not.toContain('correct-horse');
  });

  test('takes its settings from a file, below flags and environment', async () => {
    const config = script(
      'config.json',
      JSON.stringify({ port: 1, host: '127.0.0.2', logLevel: 'silent', token: 'from-the-file' }),
    );
    const { child, output, end } = holdup(['collector', '--config', config, '--port', '0'], {
      HOLDUP_HOST: '127.0.0.1',
    });
    const login = await until(() => /^Log in within an hour, once: (\S+)$/m.exec(output.stdout)?.[1]);
    const url = new URL(login);
    expect(url.hostname).toBe('127.0.0.1');
    const authorized = { headers: { Authorization: 'Bearer from-the-file' } };
    expect((await fetch(new URL('api/v1/overview', url), authorized)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await end).toMatchObject({ code: 0, stderr: '' });
    expect(output.stdout).not.toContain('from-the-file');
    const wrong = script('wrong.json', '{"colour":"red"}');
    const refused = await holdup(['collector', '--config', wrong]).end;
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/has no option "colour"; there are port, host, token,/);
  });

  test('says in one line that the port is in use and what to do', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await until(() => other.listening);
    const { port } = other.address() as AddressInfo;
    const { code, stdout, stderr } = await holdup(['collector', '--port', String(port)]).end;
    other.close();
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^holdup: Port \d+ on 127\.0\.0\.1 is in use\..*choose another port.*\n$/);
  });

  test.each([
    [['collector', '--port', 'many'], /whole number from 0 to 65535/],
    [['collector', '--colour', 'red'], /unknown option '--colour'/],
    [['collector', '--host', '0.0.0.0', '--port', '0'], /token is required/],
    [['collector', '--token', 'short', '--port', '0'], /at least 8 characters/],
    [['colect'], /unknown command 'colect'/],
    [['run'], /missing required argument/],
    [['run', '--mode', 'loud', 'x.js'], /Allowed choices are report, throw, off/],
  ])('%j is refused in one clear line with exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await holdup(args).end;
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(stderr.includes('Did you mean') ? 2 : 1);
  });

  test('explains itself', async () => {
    const help = await holdup(['--help']).end;
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(/collector .*\n.*run /);
    expect((await holdup(['collector', '--help']).end).stdout).toMatch(/--port[\s\S]*HOLDUP_PORT[\s\S]*--token/);
  });
});

describe('holdup run', () => {
  const quiet = { HOLDUP_COLLECTOR: 'false' };

  test('runs the script with its arguments and passes its exit code on', async () => {
    const file = script('exit.mjs', 'console.log(JSON.stringify(process.argv.slice(2))); process.exitCode = 7;');
    const { code, stdout } = await holdup(['run', '--', file, '--port', '1', 'two words'], quiet).end;
    expect(code).toBe(7);
    expect(stdout).toContain('["--port","1","two words"]');
  });

  test('starts it watched, and tells it what was asked for', async () => {
    const source = 'console.log(process.execArgv.join(" "), process.env.HOLDUP_SERVICE, process.env.HOLDUP_MODE);';
    const file = script('argv.mjs', source);
    const { stdout } = await holdup(['run', '--service', 'shop', '--mode', 'off', 'node', file], quiet).end;
    expect(stdout).toMatch(/--import file:\S+\/register\.js shop off/);
  });

  test('passes signals on and dies of what its child died of', async () => {
    const file = script('wait.mjs', 'setInterval(() => {}, 1000); console.log("waiting");');
    const { child, output, end } = holdup(['run', file], quiet);
    await until(() => output.stdout.includes('waiting'));
    child.kill('SIGTERM');
    expect(await end).toMatchObject({ code: null, signal: 'SIGTERM' });
  });

  test('lets its child end a signal in its own way', async () => {
    const source = 'setInterval(() => {}, 1000); process.on("SIGINT", () => process.exit(3)); console.log("waiting");';
    const { child, output, end } = holdup(['run', script('graceful.mjs', source)], quiet);
    await until(() => output.stdout.includes('waiting'));
    child.kill('SIGINT');
    expect(await end).toMatchObject({ code: 3, signal: null });
  });
});

describe('the embedded collector', () => {
  const startWorker = (workerData: object): Worker =>
    new Worker(join(DIST, 'collector', 'worker.js'), { workerData, stdout: true });
  const firstMessage = (worker: Worker): Promise<Record<string, unknown>> =>
    new Promise((resolve) => worker.once('message', resolve));

  test('listens in a worker thread and says where', async () => {
    const worker = startWorker({ port: 0, host: '127.0.0.1', token: '' });
    const { type, url, port } = await firstMessage(worker);
    expect(type).toBe('listening');
    expect(url).toBe(`http://127.0.0.1:${port}/`);
    expect((await fetch(new URL('healthz', String(url)))).status).toBe(200);
    await worker.terminate();
  });

  test('says why it cannot', async () => {
    const first = startWorker({ port: 0 });
    const { port } = await firstMessage(first);
    const second = startWorker({ port });
    expect(await firstMessage(second)).toMatchObject({ type: 'failed', code: 'HOLDUP_PORT_IN_USE' });
    await Promise.all([first.terminate(), second.terminate()]);
  });

  test('keeps no process alive and prints nothing', async () => {
    const source = `
      import { Worker } from 'node:worker_threads';
      const worker = new Worker(${JSON.stringify(join(DIST, 'collector', 'worker.js'))}, { workerData: { port: 0 } });
      worker.once('message', ({ type }) => { process.stderr.write(type); worker.unref(); });
    `;
    const child = spawn(process.execPath, [script('embedded.mjs', source)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    children.push(child);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => {
      stdout += data;
    });
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: 'listening' });
  });

  test('lets its process end with its own exit code, however busy its store is, and keeps what it acknowledged', async () => {
    const store = join(folder, 'busy.db');
    const source = `
      import { Worker } from 'node:worker_threads';
      const worker = new Worker(${JSON.stringify(join(DIST, 'collector', 'worker.js'))}, { workerData: { port: 0, store: ${JSON.stringify(store)} } });
      const { url } = await new Promise((resolve) => worker.once('message', resolve));
      const body = ${JSON.stringify(JSON.stringify(busyBatch()))};
      let acknowledged = 0;
      const post = async (id, sequence) => {
        const text = body.replaceAll('sender-0', id).replace('"intValue":"1"', '"intValue":"' + sequence + '"').replaceAll('v1-0', 'v1-' + id + '-' + sequence);
        const answer = await fetch(url + 'v1/logs', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: text });
        if (answer.status === 200) acknowledged++;
        void post(id, sequence + 1);
      };
      for (let i = 0; i < 8; i++) void post('sender-' + process.pid + '-' + i, 1);
      setTimeout(() => { console.log(acknowledged); process.exit(7); }, 150 + Math.random() * 100);
    `;
    const file = script('busy.mjs', source);
    let acknowledged = 0;
    for (let round = 0; round < 4; round++) {
      const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe'] });
      let text = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (data) => {
          text += data;
        });
      }
      const code = await new Promise((resolve) => child.on('close', resolve));
      expect([code, text]).toEqual([7, expect.stringMatching(/^\d+\n$/)]);
      acknowledged += Number(text);
    }
    const collector = await startCollector({ port: 0, store });
    const { incidents } = (await (await fetch(new URL('api/v1/overview', collector.url))).json()) as Overview;
    await collector.stop();
    expect(incidents.total).toBeGreaterThanOrEqual(acknowledged);
    expect(acknowledged).toBeGreaterThan(0);
  });
});

function busyBatch(): object {
  return toOtlpLogs({
    instance: instanceOf({ id: 'sender-0' }),
    sequence: 1,
    incidents: [incidentOf({ fingerprint: 'v1-0' })],
  });
}
