import { fileURLToPath } from 'node:url';
import type { HoldupOptions } from 'holdup';
import { describe, expect, test } from 'vitest';
import { Child } from '../support/child.js';

const FIXTURE = fileURLToPath(new URL('./fixtures/policy.mjs', import.meta.url));

interface Outcome {
  readonly returned?: string;
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly stack?: string;
  readonly operation?: string;
  readonly view?: string;
  readonly alternative?: string;
  readonly ours?: boolean;
}

interface Result {
  readonly results: readonly Outcome[];
  readonly calls: readonly { readonly operation: string; readonly thrown: boolean; readonly function: string }[];
  readonly stderr: string;
}

async function run(scenario: string, options: HoldupOptions, env: Record<string, string> = {}): Promise<Result> {
  const child = new Child(FIXTURE, { args: [scenario, JSON.stringify(options)], env });
  expect(await child.exited, child.stderr).toBe(0);
  return { ...JSON.parse(child.stdout), stderr: child.stderr };
}

describe('in throw mode', () => {
  test("a view's own call raises SynchronousOnlyOperation from its first occurrence on, from the caller's line", async () => {
    const { results, calls } = await run('read', { mode: 'throw' });
    for (const error of results) {
      expect(error).toMatchObject({
        name: 'SynchronousOnlyOperation',
        code: 'HOLDUP_SYNC_ONLY',
        ours: true,
        operation: 'fs.readFileSync',
        view: 'scenario',
        alternative: 'await fs.promises.readFile(path)',
      });
      expect(error.message).toMatch(/readTemplate \(.*policy\.mjs:\d+:\d+\)/);
      expect(error.message).toContain('await fs.promises.readFile(path)');
      expect(error.message).toContain('allowSync(');
      expect(error.stack?.split('\n    at ')[1]).toMatch(/^readTemplate \(.*policy\.mjs:\d+:\d+\)/);
    }
    expect(calls.map((call) => [call.operation, call.thrown])).toEqual([
      ['fs.readFileSync', true],
      ['fs.readFileSync', true],
    ]);
  });

  test('the operation does not run', async () => {
    const { results } = await run('not run', { mode: 'throw' });
    // It would have failed with ENOENT.
    expect(results[0]).toMatchObject({ name: 'SynchronousOnlyOperation', operation: 'fs.writeFileSync' });
  });

  test('loading a module is never thrown for, and is one operation', async () => {
    const { results, calls } = await run('load', { mode: 'throw' });
    expect(results.map((result) => result.returned)).toEqual([expect.any(String), expect.any(String)]);
    // Tests do not count it; and nothing of what it is made of is left over.
    expect(calls).toEqual([]);
  });

  test('HOLDUP_ALLOW_ASYNC_UNSAFE=1 reports instead, and warns loudly in production', async () => {
    const env = { HOLDUP_ALLOW_ASYNC_UNSAFE: '1', NODE_ENV: 'production' };
    const { results, calls, stderr } = await run('read', { mode: 'throw' }, env);
    expect(results.every((result) => result.returned !== undefined)).toBe(true);
    expect(calls.map((call) => [call.operation, call.thrown])).toEqual([
      ['fs.readFileSync', false],
      ['fs.readFileSync', false],
    ]);
    expect(stderr).toContain('HOLDUP_ALLOW_ASYNC_UNSAFE is set in production');
  });

  test('under a debugger it only reports', async () => {
    const child = new Child(FIXTURE, { args: ['read', '{"mode":"throw"}'], execArgv: ['--inspect=127.0.0.1:0'] });
    expect(await child.exited, child.stderr).toBe(0);
    const { results } = JSON.parse(child.stdout) as Result;
    expect(results.every((result) => result.returned !== undefined)).toBe(true);
  });
});

describe('an allow entry', () => {
  const reason = 'known';
  test.each<[string, NonNullable<HoldupOptions['allow']>[number]]>([
    ['by operation', { operation: 'fs.readFileSync', reason }],
    ['by a pattern', { operation: 'fs.*', view: 'sc*', reason }],
    ['by file', { file: 'fixtures/policy.mjs', reason }],
    ['by function', { function: 'readTemplate', reason }],
    ['by view, until a day to come', { view: 'scenario', until: '2999-12-31', reason }],
  ])('%s lets the call run in throw mode', async (_name, entry) => {
    const { results } = await run('read', { mode: 'throw', allow: [entry] });
    expect(results[0]?.returned).toMatch(/"name": "holdup"/);
  });

  test.each<[string, NonNullable<HoldupOptions['allow']>[number]]>([
    ['of another operation', { operation: 'fs.readSync', reason }],
    ['of another file', { file: 'policy.ts', reason }],
    ['of a package', { package: 'pug', reason }],
    ['of another view', { operation: 'fs.readFileSync', view: 'GET /', reason }],
  ])('%s does not', async (_name, entry) => {
    const { results } = await run('read', { mode: 'throw', allow: [entry] });
    expect(results[0]?.name).toBe('SynchronousOnlyOperation');
  });

  test('that has ended no longer counts, and is said to have ended', async () => {
    const allow = [{ operation: 'fs.readFileSync', until: '2020-01-31', reason }];
    const { results, stderr } = await run('read', { mode: 'throw', allow });
    expect(results[0]?.name).toBe('SynchronousOnlyOperation');
    expect(stderr).toContain('an allow entry ended on 2020-01-31');
  });
});

test('allowSync lets what its function calls run, and nothing after it', async () => {
  const { results } = await run('scope', { mode: 'throw' });
  expect(results[0]?.returned).toMatch(/"name": "holdup"/);
  expect(results[1]?.message).toContain('needs a reason');
  expect(results[2]?.name).toBe('SynchronousOnlyOperation');
});

test('allowSync covers what its function awaits', async () => {
  const { results } = await run('scope over await', { mode: 'throw' });
  expect(results[0]?.returned).toMatch(/"name": "holdup"/);
});

test('only the outermost call is an operation when calls nest', async () => {
  const { calls } = await run('nested', {});
  expect(calls.map((call) => call.operation)).toEqual(['fs.readFileSync', 'fs.mkdtempSync']);
});

test('a function marked asyncUnsafe is an operation like the built-ins, and otherwise itself', async () => {
  const { results, calls } = await run('own', {});
  expect(results.slice(0, 3)).toEqual([{ returned: '3' }, 'rebuild', 2]);
  expect(results[3]).toMatchObject({ name: 'TypeError', message: expect.stringContaining('async function') });
  expect(calls.map((call) => call.operation)).toEqual(['rebuild']);
});

test('asyncUnsafe works as a method decorator, with and without options', async () => {
  const { results } = await run('decorator', { mode: 'throw' });
  expect(results).toMatchObject([
    { name: 'SynchronousOnlyOperation', operation: 'search' },
    { name: 'SynchronousOnlyOperation', operation: 'Index.rebuild', alternative: 'queue it' },
  ]);
});

test('small, cached and asynchronous calls are no operations', async () => {
  const { calls } = await run('harmless', { mode: 'throw' });
  expect(calls).toEqual([]);
});

test('writing to standard output is the console, reported only when it was slow and never thrown for', async () => {
  const { calls } = await run('console', { mode: 'throw' });
  expect(calls.map((call) => [call.operation, call.thrown])).toEqual([['console', false]]);
});
