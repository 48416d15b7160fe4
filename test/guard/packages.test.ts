import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { Child, NODES, ROOT } from '../support/child.js';

const FIXTURE = fileURLToPath(new URL('./fixtures/packages.mjs', import.meta.url));

interface Call {
  readonly operation: string;
  readonly alternative: string;
  readonly owner: string;
  readonly file: string;
}

const ES_MODULES = fileURLToPath(new URL('./fixtures/es-modules.mjs', import.meta.url));
const QUIET = { HOLDUP_COLLECTOR: 'false' };

/** What each package's calls are seen as; the last line of a pair is the package that made the call, if not the app. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  libsql: ['Database.exec', 'Statement.all', 'Statement.get', 'Statement.run', 'Statement.iterate'].map(
    (name) => `libsql.${name}`,
  ),
  bcryptjs: ['bcryptjs.hashSync', 'bcryptjs.compareSync'],
  bcrypt: ['bcrypt.hashSync', 'bcrypt.compareSync'],
  execa: ['execa.execaSync'],
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

/** ES modules, and CommonJS whose exports are getters: by the built-ins they call, or not at all, where Node.js has no hooks. */
const NEED_HOOKS = ['bcryptjs', 'execa', 'glob', 'ejs', 'csv-parse/sync', 'esbuild'];

async function run(how: 'require' | 'import', node: string, names: readonly string[]): Promise<typeof seen> {
  const child = new Child(FIXTURE, { args: [how, ...names], node });
  expect(await child.exited, child.stderr).toBe(0);
  return JSON.parse(child.stdout) as typeof seen;
}

let seen: Record<string, Call[]> = {};

beforeAll(async () => {
  const names = Object.keys(EXPECTED).filter((name) => name !== 'execa');
  seen = await run('require', process.execPath, names);
});

describe('the sync-only functions of real packages are named as the app calls them', () => {
  // `require` of the one that is ES modules only would be no test of this.
  test.each(Object.entries(EXPECTED).filter(([name]) => name !== 'execa'))('%s', (name, expected) => {
    const calls = seen[name] ?? [];
    expect(calls.map(readable)).toEqual(expected);
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

test('better-sqlite3 is known by its statements, without their literals', async ({ skip }) => {
  const place = `${ROOT}.cache/better-sqlite3/package.json`;
  if (!existsSync(place)) skip('it takes minutes to compile: npm i --prefix .cache/better-sqlite3 better-sqlite3');
  const child = new Child(FIXTURE, { args: ['require', 'better-sqlite3'], env: { BETTER_SQLITE3: place } });
  expect(await child.exited, child.stderr).toBe(0);
  const calls = (JSON.parse(child.stdout) as typeof seen)['better-sqlite3'] ?? [];
  expect(calls.map(readable)).toEqual(EXPECTED.libsql?.map((name) => name.replace('libsql', 'better-sqlite3')));
  const shown = calls.map((call) => call.alternative).join('\n');
  expect(shown).toContain('select * from book where id = ? and title = ?"');
  expect(shown).not.toContain('secret');
});

describe.each(NODES)('on Node $version', ({ path, version }) => {
  const hooked = version !== '20';
  const commonJs = Object.keys(EXPECTED).filter((name) => !NEED_HOOKS.includes(name));
  // Each of the CommonJS ones once: they are wrapped alike everywhere.
  const names = hooked ? [...NEED_HOOKS, 'libsql', 'fs-extra', 'sass'] : commonJs;

  test('the same packages are covered through import as well', async () => {
    const imported = await run('import', path, names);
    const operations = Object.entries(imported).map(([name, calls]) => [name, calls.map(readable)]);
    expect(Object.fromEntries(operations)).toEqual(Object.fromEntries(names.map((name) => [name, EXPECTED[name]])));
  });

  test.runIf(hooked)(
    'an ES module looks the same to the app, and its asynchronous functions are left alone',
    async () => {
      const child = new Child(ES_MODULES, { node: path, execArgv: ['--import', 'holdup/register'], env: QUIET });
      const bare = new Child(ES_MODULES, { node: path });
      expect([await child.exited, await bare.exited], child.stderr).toEqual([0, 0]);
      const [seen, expected] = [JSON.parse(child.stdout), JSON.parse(bare.stdout)];
      expect(seen.shapes).toEqual(expected.shapes);
      expect(expected.wrapped).toEqual([]);
      expect(seen.wrapped).toEqual(['hashSync', 'default.hashSync', 'parse of csv-parse/sync']);
    },
  );

  test.skipIf(hooked)('an ES module is known by the built-ins it calls', async () => {
    const imported = await run('import', path, ['execa', 'glob']);
    expect(imported.execa?.map(readable)).toEqual(['child_process.spawnSync by execa']);
    expect(imported.glob?.map(readable)).toContain('fs.readdirSync by glob');
  });
});

function readable({ operation, owner }: Call): string {
  return owner === '' ? operation : `${operation} by ${owner}`;
}
