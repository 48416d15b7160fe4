import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Child, ROOT } from '../support/child.js';

const HOLDUP = `${ROOT}dist/collector/cli.js`;
const CRASH = `${ROOT}test/check/fixtures/crash.mjs`;

let folder: string;
beforeAll(async () => {
  // Within the project, so that the copy finds Holdup and Express.
  await mkdir(`${ROOT}.cache`, { recursive: true });
  folder = await mkdtemp(`${ROOT}.cache/check-`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function check(
  args: readonly string[],
  { cwd = folder, env = {} }: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Outcome> {
  const child = new Child(HOLDUP, {
    args: ['check', ...args],
    cwd,
    env: { BOOKSHOP_DATA: `${ROOT}.cache/bookshop`, GITHUB_ACTIONS: '', ...env },
  });
  const code = await child.exited;
  return { code, stdout: child.stdout, stderr: child.stderr };
}

describe('on the bookshop', () => {
  let shop: string;
  const drive = ['--', 'node', `${ROOT}test/check/fixtures/drive.mjs`];

  async function baseline(): Promise<string> {
    return readFile(join(shop, 'holdup-baseline.json'), 'utf8');
  }

  async function addExecSync(): Promise<void> {
    const file = join(shop, 'views/clock.js');
    const source = await readFile(file, 'utf8');
    const changed = source.replace(/(export async function time\([^)]*\) \{\n)/, "$1  execSync('exit 0');\n");
    expect(changed).not.toBe(source);
    await writeFile(file, `import { execSync } from 'node:child_process';\n${changed}`);
  }

  beforeEach(async () => {
    shop = join(folder, 'shop');
    await rm(shop, { recursive: true, force: true });
    await cp(`${ROOT}examples/bookshop`, shop, { recursive: true });
  });

  test('fails on a freshly added execSync, and passes after --update', async () => {
    expect(await check(['--update', ...drive], { cwd: shop })).toMatchObject({ code: 0 });
    const before = await baseline();
    expect(JSON.parse(before).operations).toContainEqual({
      operation: 'fs.readFileSync',
      view: 'GET /export',
      file: 'views/export.js',
      function: 'exportCatalogue',
    });
    expect(before).not.toMatch(/"line"|\d+:\d+|\.cache/);
    expect(await check(drive, { cwd: shop })).toMatchObject({ code: 0 });

    await addExecSync();
    const failed = await check(drive, { cwd: shop, env: { GITHUB_ACTIONS: 'true' } });
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('holdup: 1 new sync-only operation;');
    expect(failed.stderr).toMatch(
      /child_process\.execSync in GET \/time\n {4}where: {4}time \(views\/clock\.js:\d+:3\)\n {4}instead: .*exec.*\n {4}to allow: allowSync\('why'/,
    );
    expect(failed.stderr).not.toContain('exportCatalogue');
    expect(failed.stdout).toMatch(
      /^::error file=views\/clock\.js,line=\d+,col=3,title=child_process\.execSync in GET \/time::.*Instead: .*$/m,
    );
    expect(await baseline()).toBe(before);

    expect(await check(['--update', ...drive], { cwd: shop })).toMatchObject({ code: 0 });
    const passed = await check(drive, { cwd: shop, env: { GITHUB_ACTIONS: 'true' } });
    expect(passed).toMatchObject({ code: 0, stdout: '' });
  });

  test('writes the same baseline every time, keeps its reasons, and mentions what is not reached any more', async () => {
    await check(['--update', ...drive], { cwd: shop });
    const first = await baseline();
    const { operations } = JSON.parse(first);
    operations[0].reason = 'one admin, once a night';
    const gone = { operation: 'fs.statSync', view: 'GET /gone', file: 'views/gone.js', function: 'gone' };
    await writeFile(
      join(shop, 'holdup-baseline.json'),
      JSON.stringify({ version: 1, operations: [gone, ...operations] }),
    );
    const outcome = await check(drive, { cwd: shop });
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toMatch(
      /1 entry of holdup-baseline\.json not reached any more.*\n {2}fs\.statSync in GET \/gone, gone \(views\/gone\.js\)/,
    );
    await check(['--update', ...drive], { cwd: shop });
    const second = await baseline();
    expect(second).toContain('"reason": "one admin, once a night"');
    expect(second.replace(/,\n +"reason": .*/, '')).toBe(first);
  });
});

test.each([
  ['exits', 'exit', 1],
  ['dies of an error', 'throw', 1],
])('loses nothing when the process %s in the middle of a request', async (_what, how, code) => {
  const outcome = await check(['--', 'node', CRASH, how]);
  expect(outcome.code).toBe(code);
  expect(outcome.stderr).toMatch(/fs\.readFileSync in GET \/end\n {4}where: {4}end /);
  expect(outcome.stderr).toMatch(/fs\.readFileSync in GET \(unmatched\)\n {4}where: {4}early /);
});

test('loses nothing when the process is killed, and ends of the same signal', async () => {
  const child = new Child(HOLDUP, { args: ['check', '--', 'node', CRASH, 'kill'], cwd: folder });
  await child.exited;
  expect(child.process.signalCode).toBe('SIGKILL');
  expect(child.stderr).toMatch(/fs\.readFileSync in GET \/end\n {4}where: {4}end /);
});

test('passes the command’s own failing exit code on, and does not update then', async () => {
  const baseline = join(folder, 'none.json');
  const outcome = await check(['--update', '--baseline', baseline, '--', 'node', '-e', 'process.exitCode = 9']);
  expect(outcome.code).toBe(9);
  expect(outcome.stderr).toContain('was not updated: the command ended with 9');
  await expect(readFile(baseline)).rejects.toThrow('ENOENT');
});

test('passes the options of the command on, and what it prints', async () => {
  const outcome = await check(['--', 'node', '-p', 'process.argv.length', '--', '--update']);
  expect(outcome).toMatchObject({ code: 0, stdout: '2\n' });
  expect(outcome.stderr).toContain('1 process watched, 0 views run');
  expect(outcome.stderr).toContain('no view was run, so nothing could be found');
});

test.each([
  ['no command', [], 'missing required argument'],
  ['an unknown option', ['--updaet', '--', 'node', '-v'], '--updaet'],
  ['a command that starts no Node.js', ['--', 'true'], 'no Node.js process was watched'],
])('ends with 2 for %s', async (_what, args, said) => {
  const outcome = await check(args);
  expect(outcome.code).toBe(2);
  expect(outcome.stderr).toContain(said);
});

test.each([
  ['is not JSON', '{', 'is not JSON'],
  ['is of another version', '{"version":2,"operations":[]}', 'is not a baseline, at version'],
  ['has an entry without a view', '{"version":1,"operations":[{"operation":"x"}]}', 'at operations.0.view'],
])('ends with 2 when the baseline %s, before running anything', async (_what, content, said) => {
  const baseline = join(folder, 'bad.json');
  await writeFile(baseline, content);
  const outcome = await check(['--baseline', baseline, '--', 'node', '-e', 'console.log("ran")']);
  expect(outcome).toMatchObject({ code: 2, stdout: '' });
  expect(outcome.stderr).toContain(said);
});
