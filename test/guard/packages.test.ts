import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { Child } from '../support/child.js';

const FIXTURE = fileURLToPath(new URL('./fixtures/packages.mjs', import.meta.url));

interface Call {
  readonly operation: string;
  readonly alternative: string;
  readonly owner: string;
  readonly file: string;
}

/** What each package's calls are seen as; the last line of a pair is the package that made the call, if not the app. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  libsql: ['Database.exec', 'Statement.all', 'Statement.get', 'Statement.run', 'Statement.iterate'].map(
    (name) => `libsql.${name}`,
  ),
  bcryptjs: ['bcryptjs.hashSync', 'bcryptjs.compareSync'],
  bcrypt: ['bcrypt.hashSync', 'bcrypt.compareSync'],
  execa: ['child_process.spawnSync by execa'],
  'cross-spawn': ['cross-spawn.sync'],
  glob: ['glob.globSync'],
  'fast-glob': ['fast-glob.sync'],
  'fs-extra': ['fs-extra.ensureDirSync', 'fs.readFileSync'],
  'graceful-fs': ['fs.readFileSync'],
  jsonwebtoken: ['jsonwebtoken.sign'],
  // A render from the cache is no work.
  pug: ['pug.compile'],
  ejs: ['ejs.compile'],
  handlebars: ['handlebars.compile'],
  ajv: ['ajv.compile'],
  protobufjs: ['protobufjs.loadSync'],
  xlsx: ['xlsx.write'],
  'adm-zip': ['zlib.deflateRawSync by adm-zip'],
  'csv-parse/sync': ['csv-parse.parse'],
  sass: ['sass.compileString'],
  esbuild: ['esbuild.transformSync'],
};

let seen: Record<string, Call[]> = {};

beforeAll(async () => {
  const child = new Child(FIXTURE, { args: ['require'] });
  expect(await child.exited, child.stderr).toBe(0);
  seen = JSON.parse(child.stdout) as Record<string, Call[]>;
});

describe('the sync-only functions of real packages are named as the app calls them', () => {
  test.each(Object.entries(EXPECTED))('%s', (name, expected) => {
    const calls = seen[name] ?? [];
    expect(calls.map(({ operation, owner }) => (owner === '' ? operation : `${operation} by ${owner}`))).toEqual(
      expected,
    );
    for (const call of calls) {
      expect(call.file).toBe(FIXTURE);
      expect(call.alternative).not.toBe('');
    }
  });
});

test('the SQL of a database call is shown without its literals', () => {
  const shown = (seen.libsql ?? []).map((call) => call.alternative).join('\n');
  expect(shown).toContain('select * from book where id = ? and title = ?"');
  expect(shown).toContain('update book set title = ? where id in (?)');
  expect(shown).not.toContain('secret');
  expect(shown).not.toContain('comment');
});

test('packages that are CommonJS are covered through import as well', async () => {
  const names = ['libsql', 'bcrypt', 'cross-spawn', 'fast-glob', 'fs-extra', 'jsonwebtoken', 'pug', 'handlebars'];
  const child = new Child(FIXTURE, { args: ['import', ...names] });
  expect(await child.exited, child.stderr).toBe(0);
  const imported = JSON.parse(child.stdout) as Record<string, Call[]>;
  for (const name of names)
    expect(
      imported[name]?.map((call) => call.operation),
      name,
    ).toEqual(EXPECTED[name]);
});
