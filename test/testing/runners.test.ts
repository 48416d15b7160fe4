import { expect, test } from 'vitest';
import { Child, ROOT } from '../support/child.js';

const FIXTURES = `${ROOT}test/testing/fixtures/`;

const RUNNERS = [
  ['Vitest', 'node_modules/vitest/vitest.mjs', ['run', '--reporter=verbose'], 'vitest', {}],
  [
    'Vitest in worker threads',
    'node_modules/vitest/vitest.mjs',
    ['run', '--reporter=verbose'],
    'vitest',
    { POOL: 'threads' },
  ],
  ['Jest', 'node_modules/jest/bin/jest.js', ['--verbose'], 'jest', { NODE_OPTIONS: '--experimental-vm-modules' }],
  ['node:test', 'test/testing/fixtures/node-test/views.spec.js', [], 'node-test', {}],
] as const;

/** What the runner says of each test of `views.spec`, by the marks it uses. */
function resultOf(output: string, title: string): string | undefined {
  const line = output.split('\n').find((each) => each.includes(title) && /✓|✔|✕|×|✖|^ok|^not ok/.test(each.trim()));
  if (line === undefined) return undefined;
  return /✓|✔|^ok/.test(line.trim()) ? 'passed' : 'failed';
}

test.each(RUNNERS)(
  '%s fails the tests whose views reach a sync-only operation, and no other',
  async (_name, script, args, folder, env) => {
    const child = new Child(`${ROOT}${script}`, {
      args: [...args],
      cwd: `${FIXTURES}${folder}`,
      env: { NO_COLOR: '1', FORCE_COLOR: '', VITEST_WORKER_ID: '', VITEST_POOL_ID: '', ...env },
    });
    expect(await child.exited).toBe(1);
    const output = child.stdout + child.stderr;
    const results = Object.fromEntries(
      [
        'passes without a sync-only operation',
        'fails in a request',
        'fails in a function',
        'passes when it is allowed in the test',
        'passes when it is allowed in a scope',
        'returns what the function returns',
        'outside a view nothing counts',
      ].map((title) => [title, resultOf(output, title)]),
    );
    expect(results).toEqual({
      'passes without a sync-only operation': 'passed',
      'fails in a request': 'failed',
      'fails in a function': 'failed',
      'passes when it is allowed in the test': 'passed',
      'passes when it is allowed in a scope': 'passed',
      'returns what the function returns': 'passed',
      'outside a view nothing counts': 'passed',
    });
    expect(output).toContain('fs.readFileSync in GET /slow');
    expect(output).toMatch(/where: {4}slow \(.*app\.c?js:(10|8):17\)/);
    expect(output).toContain('instead:  await fs.promises.readFile(path)');
    expect(output).toContain("to allow: allow({ operation: 'fs.readFileSync', view: 'GET /slow', reason: 'why' })");
    // Lines are those of the source, also where a compiler moved them.
    if (folder === 'vitest') expect(output).toContain('load (typed.spec.ts:11:10)');
  },
);

test('node:test takes a setup file with --import, and its hooks reach into suites', async () => {
  const child = new Child('--test', {
    execArgv: ['--import', './holdup.setup.js', '--test-reporter=tap'],
    args: ['preloaded.spec.js'],
    cwd: `${FIXTURES}node-test`,
  });
  expect(await child.exited).toBe(1);
  expect(child.stdout).toMatch(/^ *not ok \d+ - fails in a request/m);
  expect(child.stdout).toMatch(/^ *not ok \d+ - fails in a function/m);
  expect(child.stdout).toMatch(/^ *ok \d+ - passes without a sync-only operation/m);
});
