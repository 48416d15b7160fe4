import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { allow, collect, expectNoSyncOnly, inView, SyncOnlyFound, setup } from 'holdup/testing';
import { expect, test } from 'vitest';

const FILE = fileURLToPath(import.meta.url);

function load(): string {
  return readFileSync(FILE, 'utf8');
}

test('collects what views call, with the line to change', () => {
  const collection = collect();
  inView('load', load);
  load();
  collection.stop();
  inView('later', load);
  expect(collection.calls).toMatchObject([
    {
      operation: 'fs.readFileSync',
      view: 'load',
      function: 'load',
      file: FILE,
      line: 10,
      package: '',
      alternative: 'await fs.promises.readFile(path)',
      thrown: false,
    },
  ]);
  expect(() => collection.expectNoSyncOnly()).toThrow(SyncOnlyFound);
});

test('returns what the function returns, at once or as a promise', async () => {
  expect(expectNoSyncOnly(() => 1)).toBe(1);
  expect(await expectNoSyncOnly(async () => 2)).toBe(2);
});

test('raises after a promise has settled', async () => {
  const work = expectNoSyncOnly(() =>
    inView('late', async () => {
      await null;
      return load();
    }),
  );
  await expect(work).rejects.toThrow(/fs\.readFileSync in late\n {4}where: {4}load \(.*testing\.test\.ts:10:10\)/);
});

test('lets the function’s own error through', async () => {
  const failure = new Error('mine');
  const fail = (): never => {
    inView('load', load);
    throw failure;
  };
  expect(() => expectNoSyncOnly(fail)).toThrow(failure);
  await expect(expectNoSyncOnly(async () => fail())).rejects.toBe(failure);
});

test('accepts what is allowed by operation, view, file or function', () => {
  for (const entry of [
    { operation: 'fs.*' },
    { view: 'load' },
    { file: 'test/testing/testing.test.ts' },
    { function: 'load' },
  ]) {
    expect(expectNoSyncOnly(() => inView('load', load), { allow: [{ ...entry, reason: 'a test' }] })).toContain('load');
  }
  const other = { allow: [{ function: 'save', reason: 'another function' }] };
  expect(() => expectNoSyncOnly(() => inView('load', load), other)).toThrow(SyncOnlyFound);
});

test('counts every call and names each place once', () => {
  const collection = collect();
  inView('often', () => {
    for (let i = 0; i < 300; i++) existsSync(FILE);
    load();
  });
  collection.stop();
  expect(collection.calls).toHaveLength(301);
  const error = (() => {
    try {
      collection.expectNoSyncOnly();
    } catch (caught) {
      return caught as SyncOnlyFound;
    }
  })();
  expect(error?.message).toContain('2 sync-only operations were called in views');
  expect(error?.message).toContain('fs.existsSync in often (300 times)');
});

test('does not count the loading of modules', () => {
  const require = createRequire(import.meta.url);
  expectNoSyncOnly(() => inView('lazy', () => require('commander')));
});

test('refuses a setup without hooks, and to allow outside a test', () => {
  expect(() => setup({} as never)).toThrow('needs the hooks of your test runner');
  expect(() => allow({ operation: 'fs.readFileSync', reason: 'x' })).toThrow('outside a test');
  expect(() => collect().allow({ operation: 'fs.readFileSync' } as never)).toThrow('needs a reason');
});

test('names an option that is not accepted', () => {
  expect(() => setup({ beforeEach() {}, afterEach() {} }, { mode: 'loud' as never })).toThrow(
    'option "mode" is "loud"',
  );
});
