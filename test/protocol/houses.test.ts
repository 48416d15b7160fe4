import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../support/child.js';

const HOUSES = ['protocol', 'middleware', 'collector', 'dashboard'] as const;

/** The houses as they are set up, with one small file in each: what may it import? */
describe('a house', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdup-houses-'));
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    cpSync(join(ROOT, 'tsconfig.base.json'), join(folder, 'tsconfig.base.json'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    for (const house of HOUSES) {
      mkdirSync(join(folder, house));
      cpSync(join(ROOT, house, 'tsconfig.json'), join(folder, house, 'tsconfig.json'));
      writeFileSync(join(folder, house, 'noun.ts'), `export const noun = '${house}';\n`);
    }
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  for (const house of HOUSES.slice(1)) {
    test(`may import protocol/ and no other (${house}/)`, async () => {
      expect(await build(house, '../protocol/noun.js')).toBe('');
      for (const other of HOUSES.filter((each) => each !== house && each !== 'protocol')) {
        expect(await build(house, `../${other}/noun.js`)).toContain('TS6307');
      }
    });
  }

  test('may import nothing of Node.js where it also runs in a browser', async () => {
    for (const house of ['protocol', 'dashboard'] as const) {
      expect(await build(house, 'node:fs')).toMatch(/Cannot find (name|module) 'node:fs'/);
    }
  });

  /** What the compiler says of a house that has a file with this import; empty when it is content. */
  function build(house: string, specifier: string): Promise<string> {
    const file = join(folder, house, 'importer.ts');
    writeFileSync(file, `import * as imported from '${specifier}';\nexport const used = imported;\n`);
    return new Promise((resolve) => {
      execFile(join(ROOT, 'node_modules', '.bin', 'tsc'), ['-b', house], { cwd: folder }, (error, stdout) => {
        rmSync(file);
        resolve(error === null ? '' : stdout);
      });
    });
  }
});
