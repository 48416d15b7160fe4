import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { Child, NODES } from '../support/child.js';

interface Seen {
  readonly expected: {
    readonly functions: readonly string[];
    readonly others: readonly string[];
    readonly slow: readonly string[];
  };
  readonly failed: readonly string[];
  readonly calls: readonly {
    readonly operation: string;
    readonly view: string;
    readonly file: string;
    readonly line: number;
  }[];
}

const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const WAYS = ['sync', 'await', 'timer', 'emitter', 'named', 'destructured'];
const lines = readFileSync(fixture('every-operation.mjs'), 'utf8').split('\n');

describe.each(NODES)('on Node $version', ({ version, path }) => {
  test('every catalogued built-in is reported with its name, view and line, however it is called', async () => {
    const child = new Child(fixture('recall.mjs'), { node: path });
    expect(await child.exited, child.stderr).toBe(0);
    const { expected, failed, calls } = JSON.parse(child.stdout) as Seen;
    expect(failed).toEqual([]);

    const missing: string[] = [];
    const figures = WAYS.map((way) => {
      const byReference = way === 'named' || way === 'destructured';
      const names = [
        ...expected.functions,
        ...(byReference ? [] : expected.others),
        ...(way === 'sync' ? expected.slow : []),
      ];
      const found = names.filter((name) =>
        calls.some(
          (call) =>
            call.operation === name &&
            call.view === `GET /${way}` &&
            call.file === fixture('every-operation.mjs') &&
            lines[call.line - 1]?.includes(`['${name}'`),
        ),
      );
      for (const name of names) if (!found.includes(name)) missing.push(`${way}: ${name}`);
      return `${way} ${found.length}/${names.length}`;
    });
    console.log(`recall on Node ${version}: ${figures.join(', ')}`);
    expect(missing).toEqual([]);
  });
});
