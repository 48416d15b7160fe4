import crypto from 'node:crypto';
import { setMaxListeners } from 'node:events';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { asyncUnsafe, syncToAsync } from 'holdup';
import { describe, expect, test } from 'vitest';
import { Child, NODES } from '../support/child.js';

const WORK = new URL('./fixtures/work.mjs', import.meta.url);
const work = <R = unknown>(name: string): ((...args: unknown[]) => Promise<R>) => syncToAsync<R>(WORK, name);

describe('a function of Node.js', () => {
  test('runs on a worker thread and gives what it gives here', async () => {
    const args = ['password', 'salt', 10, 16, 'sha256'] as const;
    const key = await syncToAsync(crypto.pbkdf2Sync)(...args);
    expect(Buffer.isBuffer(key)).toBe(true);
    expect(key.equals(crypto.pbkdf2Sync(...args))).toBe(true);
    expect(await syncToAsync(JSON.parse)('{"a":[1]}')).toEqual({ a: [1] });
  });

  test('fails with the error it fails with here: type, message, code, and a stack with both sides', async () => {
    const read = syncToAsync(fs.readFileSync);
    const error = await read('/nope').catch((caught: NodeJS.ErrnoException) => caught);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code: 'ENOENT', errno: -2, syscall: 'open', path: '/nope' });
    const stack = String((error as Error).stack);
    expect(stack).toMatch(/^Error: ENOENT.*\n {4}at .*openSync/);
    expect(stack).toContain('at (worker thread of syncToAsync)');
    expect(stack).toContain('sync-to-async.test.ts');
    expect(stack).not.toMatch(/sync-(?:to-async[\\/])?worker\.[jt]s/);
  });

  test('whose result would lose its methods is refused in words', async () => {
    await expect(syncToAsync(fs.statSync)('.')).rejects.toThrow(/returned a Stats, which would lose its methods/);
  });
});

describe('an export of a module', () => {
  test('takes and gives copies', async () => {
    expect(await work('add')(1, 2)).toBe(3);
    const { a, b } = await work<{ a: Buffer; b: Uint8Array }>('buffers')();
    expect([Buffer.isBuffer(a), Buffer.isBuffer(b)]).toEqual([true, false]);
  });

  test('fails with its own error and its properties', async () => {
    const error = await work('fail')().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ message: 'out of range', code: 'E_RANGE', detail: { a: 1 } });
    await expect(work('fail')('string')).rejects.toBe('just a string');
  });

  test('runs on one thread of its own for a thread-sensitive key, one call after another', async () => {
    const first = syncToAsync<[number, number]>(WORK, 'count', { threadSensitive: 'one' });
    const second = syncToAsync<[number, number]>(WORK, 'count', { threadSensitive: 'two' });
    const results = await Promise.all([first(), first(), second(), first()]);
    expect(results.map(([, calls]) => calls)).toEqual([1, 2, 1, 3]);
    expect(new Set([results[0]?.[0], results[1]?.[0], results[3]?.[0]]).size).toBe(1);
    expect(results[2]?.[0]).not.toBe(results[0]?.[0]);
  });

  test('is stopped by an AbortSignal, even in an endless loop', async () => {
    const controller = new AbortController();
    const running = work('spin')(60_000, controller.signal);
    setTimeout(() => controller.abort(), 50);
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    await expect(work('add')(1, 2, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('whose thread ends says so, and the next call gets a new thread', async () => {
    await expect(work('die')()).rejects.toMatchObject({ code: 'HOLDUP_WORKER_DIED' });
    expect(await work('add')(2, 3)).toBe(5);
  });

  test('called far too often is refused clearly, and recovers', async () => {
    const spin = work('spin');
    const controller = new AbortController();
    setMaxListeners(2_000, controller.signal);
    const calls = Array.from({ length: 1_200 }, () =>
      spin(20, controller.signal).catch((error: { code?: string }) => error.code),
    );
    const refused = await Promise.race(calls.slice(-1));
    expect(refused).toBe('HOLDUP_QUEUE_FULL');
    controller.abort();
    await Promise.all(calls);
    expect(await work('add')(1, 1)).toBe(2);
  });
});

describe('what cannot move to another thread is a TypeError that says what to do', () => {
  test('a closure', () => {
    const total = 1;
    expect(() => syncToAsync(() => total)).toThrow(TypeError);
    expect(() => syncToAsync(() => total)).toThrow(
      /Export it from a module and write syncToAsync\(new URL\('\.\/work\.js'/,
    );
    expect(() => syncToAsync(asyncUnsafe(() => total))).toThrow(/Export it from a module/);
  });

  test('an async function, here and there', async () => {
    expect(() => syncToAsync(async () => 1)).toThrow(/asynchronous already: await it/);
    await expect(work('slow')()).rejects.toThrow(/asynchronous already/);
    await expect(work('promise')()).rejects.toThrow(/returned a promise/);
  });

  test('an argument or a result that cannot be copied', async () => {
    await expect(work('add')(1, () => 2)).rejects.toThrow(/argument 2 \(the function \(anonymous\)\) cannot be copied/);
    await expect(work('url')()).rejects.toThrow(/returned a URL, which would lose its methods/);
    await expect(work('closure')()).rejects.toThrow(/returned a function/);
  });

  test('a module given without saying from where, or an export that is not there', async () => {
    expect(() => syncToAsync('./work.mjs', 'add')).toThrow(/new URL\("\.\/work\.mjs", import\.meta\.url\)/);
    expect(() => syncToAsync(WORK, '')).toThrow(/needs the name of the export/);
    await expect(work('nope')()).rejects.toThrow(/exports no function "nope"; it exports add, /);
  });

  test('anything else', () => {
    expect(() => syncToAsync(1 as never)).toThrow(TypeError);
  });
});

test.each(NODES)('the pool does not keep the process alive on Node $version', async ({ path }) => {
  const child = new Child(fileURLToPath(new URL('./fixtures/exits.mjs', import.meta.url)), { node: path });
  expect(await child.exited, child.stderr).toBe(0);
  expect(child.stdout).toBe('done');
});

test.each(NODES)('the pool’s threads are not watched and load nothing of ours, on Node $version', async ({ path }) => {
  const script = fileURLToPath(new URL('./fixtures/surroundings.mjs', import.meta.url));
  const child = new Child(script, {
    node: path,
    execArgv: ['--max-http-header-size=20000', '--import', 'holdup/register', '--no-warnings'],
    env: {
      NODE_OPTIONS: '--import="holdup/register" --trace-deprecation',
      HOLDUP_WORKERS: '1',
      HOLDUP_COLLECTOR: 'false',
    },
  });
  expect(await child.exited, child.stderr).toBe(0);
  expect(JSON.parse(child.stdout)).toEqual({
    here: true,
    there: false,
    // What a thread starts is started as the process would.
    env: ['--import="holdup/register" --trace-deprecation', '1', undefined].map((value) => value ?? null),
    execArgv: ['--no-warnings'],
  });
});
