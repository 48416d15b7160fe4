import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { Child, NODES } from '../support/child.js';

const FIXTURE = fileURLToPath(new URL('./fixtures/guard.mjs', import.meta.url));

interface Printed {
  readonly calls: readonly {
    readonly name: string;
    readonly alternative: string;
    readonly cold: boolean;
    readonly thrown: boolean;
    readonly function: string;
  }[];
  readonly counts: Readonly<Record<string, number>>;
  readonly total: number;
  readonly dropped: Readonly<Record<string, number>>;
}

async function run(args: readonly string[], node?: string, execArgv: readonly string[] = []): Promise<Printed> {
  const child = new Child(FIXTURE, { args, execArgv, ...(node === undefined ? {} : { node }) });
  expect(await child.exited, child.stderr).toBe(0);
  return JSON.parse(child.stdout) as Printed;
}

test("a site's first occurrence is cold, later ones are steady, and loading a module is one cold operation", async () => {
  const { calls } = await run(['cold']);
  expect(calls.map(({ name, cold }) => [name, cold])).toEqual([
    ['fs.existsSync', true],
    ['fs.existsSync', false],
    ["require('handlebars')", true],
  ]);
});

test('calls without a stack are given to the known sites by their sampled shares', async () => {
  const { counts, total } = await run(['shares']);
  expect(total).toBe(120_000);
  const often = counts['fs.existsSync often'] ?? 0;
  const seldom = counts['fs.existsSync seldom'] ?? 0;
  expect(often + seldom).toBe(120_000);
  // 10 % of the calls; about 230 samples decide, so within a few of their standard deviations (2 %).
  expect(seldom / total).toBeGreaterThan(0.02);
  expect(seldom / total).toBeLessThan(0.22);
});

test('sites are bounded, and what is over the bound is counted', async () => {
  const { total, dropped } = await run(['sites']);
  expect(total + (dropped['call sites'] ?? 0)).toBe(1_200);
});

test('after stop() the functions are the originals again, and references to wrappers only pass calls on', async () => {
  const { calls } = await run(['stop']);
  expect(calls.map(({ name }) => name)).toEqual(['restored']);
});

test("in throw mode a package's first occurrence is cold and runs, its next is thrown for", async () => {
  const { calls } = await run(['package first', 'throw']);
  const seen = calls.filter(({ name }) => name === 'fs.statSync').map(({ cold, thrown }) => ({ cold, thrown }));
  expect(seen[0]).toEqual({ cold: true, thrown: false });
  expect(seen.slice(1)).toEqual([1, 2, 3].map(() => ({ cold: false, thrown: true })));
});

test('the self-test proves that the guard is armed', async () => {
  expect((await run(['self-test'])).calls[0]?.name).toMatch(/^guard armed: 1\d\d sync-only operations watched/);
  expect((await run(['self-test', 'throw'])).calls[0]?.name).toMatch(/^guard armed/);
});

describe.each(NODES)('on Node $version', ({ path, version }) => {
  test('a host that froze Error still gets names, sites and its own errors', async () => {
    const { calls } = await run(['hostile'], path);
    expect(calls.map(({ name, function: fn }) => [name, fn])).toEqual([
      ['fs.existsSync', 'here'],
      ['fs.existsSync', 'here'],
      ['fs.readFileSync', ''],
      ['ENOENT', undefined],
    ]);
  });

  test('a host with its own Error.prepareStackTrace or source maps keeps it', async () => {
    const { calls } = await run(['own prepareStackTrace'], path, ['--enable-source-maps']);
    expect(calls.map(({ name, function: fn }) => [name, fn])).toEqual([
      ['fs.existsSync', 'here'],
      ['restored', undefined],
    ]);
  });

  test.skipIf(version === '20')('node:sqlite is watched once the app has loaded it', async () => {
    const { calls } = await run(['sqlite'], path);
    expect(calls.map(({ name }) => name)).toEqual(['node:sqlite.DatabaseSync.exec', 'node:sqlite.StatementSync.all']);
    expect(calls[1]?.alternative).toContain('select * from book where id = ?');
  });
});
