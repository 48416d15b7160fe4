import { describe, expect, test } from 'vitest';
import { Child, ROOT } from '../support/child.js';

/** Starts a process that only calls `holdup(options)` and reports what was thrown. */
async function start(options: string, env: Record<string, string> = {}): Promise<string> {
  const child = new Child(`${ROOT}test/middleware/fixtures/options.mjs`, {
    args: [options],
    env: { HOLDUP_COLLECTOR: 'false', ...env },
  });
  await child.exited;
  return child.stdout.trim();
}

describe('a bad option is one clear error at start', () => {
  test.each([
    ['{ blockTreshold: 5 }', 'option "blockTreshold"', 'service, mode, modes, collector'],
    [
      '{ blockThresholdMs: "fast" }',
      'option "blockThresholdMs" is "fast"',
      'a number of milliseconds from 10 to 60000',
    ],
    ['{ blockThresholdMs: 0 }', 'option "blockThresholdMs" is 0', 'a number of milliseconds'],
    ['{ mode: "loud" }', 'option "mode" is "loud"', "'report', 'throw' or 'off'"],
    [
      '{ collector: "not a url" }',
      'option "collector" is "not a url"',
      "an http:// or https:// URL, 'embedded' or false",
    ],
    ['{ collector: "ftp://x" }', 'option "collector" is "ftp://x"', 'http://'],
    ['{ allow: [{ operation: "fs.readFileSync" }] }', 'option "allow"', 'reason'],
    ['{ prometheus: {} }', 'option "prometheus"', 'Registry'],
    ['{ redact: ["("] }', 'option "redact"', 'regular expressions'],
    ['[]', 'options is an array', 'an object'],
  ])('%s', async (options, names, accepted) => {
    const said = await start(options);
    expect(said).toContain(names);
    expect(said).toContain(accepted);
    expect(said).toMatch(/^HOLDUP_BAD_OPTION /);
  });

  test.each([
    ['HOLDUP_MODE', 'loud'],
    ['HOLDUP_BLOCK_THRESHOLD_MS', 'fast'],
    ['HOLDUP_COLLECTOR', 'nowhere'],
    ['HOLDUP_ALLOW', 'not json'],
    ['HOLDUP_ALLOW_ASYNC_UNSAFE', 'yes please'],
  ])('names the variable %s when the value %s came from it', async (variable, value) => {
    expect(await start('{}', { [variable]: value })).toContain(`${variable} is "${value}"; accepted:`);
  });
});

test('takes an option rather than the variable of the same name', async () => {
  expect(await start('{ blockThresholdMs: 100 }', { HOLDUP_BLOCK_THRESHOLD_MS: 'fast' })).toBe('started');
});

test('does not keep a process alive that has nothing else to do', async () => {
  expect(await start('{}', { HOLDUP_COLLECTOR: '' })).toBe('started');
});

test('takes a mode for one operation or category apart from the rest', async () => {
  expect(await start('{ modes: { "fs.existsSync": "off", database: "throw" } }')).toBe('started');
  expect(await start('{ modes: { database: "loud" } }')).toMatch(/^HOLDUP_BAD_OPTION .*"modes".*operation or category/);
  expect(await start('{}', { HOLDUP_MODES: '{"crypto":"throw"}' })).toBe('started');
  expect(await start('{}', { HOLDUP_MODES: 'crypto' })).toContain('HOLDUP_MODES is "crypto"; accepted:');
});
