import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { Child, NODES } from '../support/child.js';

const FIXTURE = fileURLToPath(new URL('./fixtures/transparency.mjs', import.meta.url));

interface Printed {
  readonly shapes: Record<string, unknown>;
  readonly thrown: Record<string, { readonly stack?: string }>;
}

async function print(node: string, ...args: string[]): Promise<Printed> {
  const child = new Child(FIXTURE, { node, args });
  expect(await child.exited, child.stderr).toBe(0);
  // Node looks for modules from another line of its own when somebody has hooks.
  return JSON.parse(child.stdout.replace(/(resolveForCJSWithHooks \(node:[\w/]+):\d+:\d+/g, '$1')) as Printed;
}

describe.each(NODES)('on Node $version', ({ path }) => {
  test('wrapped functions look, return and throw exactly as without Holdup', async () => {
    const [bare, guarded] = await Promise.all([print(path, 'bare'), print(path, 'guarded')]);
    expect(guarded).toEqual(bare);
    expect(Object.keys(bare.shapes).length).toBeGreaterThan(200);
  });

  test('in a view too, and no frame of Holdup is in a stack', async () => {
    const [bare, guarded] = await Promise.all([print(path, 'bare'), print(path, 'guarded', 'view')]);
    expect(guarded.shapes).toEqual(bare.shapes);
    for (const [name, { stack = '' }] of Object.entries(guarded.thrown)) {
      // What a class says that is called without `new` passes by no wrapper, so the test's own view shows in it.
      if (name !== 'withoutNew') expect(stack, name).not.toMatch(/dist[\\/](?:agent|middleware)/);
      expect(stack.split('\n    at ')[0], name).toBe(bare.thrown[name]?.stack?.split('\n    at ')[0] ?? '');
      expect(guarded.thrown[name], name).toEqual({ ...bare.thrown[name], stack: guarded.thrown[name]?.stack });
    }
  });

  test('an app that fails at start-up says so in its own words', async () => {
    const script = fileURLToPath(new URL('./fixtures/crash.cjs', import.meta.url));
    const env = { HOLDUP_COLLECTOR: 'false', NODE_ENV: 'production' };
    const child = new Child(script, { node: path, env, execArgv: ['--import', 'holdup/register'] });
    expect(await child.exited).not.toBe(0);
    expect(child.stderr).toContain("ENOENT: no such file or directory, open '/nope/config.json'");
    expect(child.stderr).toContain('crash.cjs:4:4');
    expect(child.stderr).not.toMatch(/dist[\\/](?:agent|middleware)/);
  });
});
