import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CATALOG, CATALOG_PACKAGES, EXEMPT } from '../../dist/middleware/guard/catalog/index.js';
import { NODES, ROOT } from '../support/child.js';

const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));

describe.each(NODES)('on Node $version', ({ path }) => {
  test('every function of Node whose name ends in Sync is in the catalog or exempt with a reason', () => {
    const output = execFileSync(path, [fixture('exports.cjs')], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const names = JSON.parse(output) as string[];
    expect(names.length).toBeGreaterThan(50);
    const known = new Set(CATALOG.map((entry) => `${entry.module.replace('node:', '')}.${entry.path}`));
    const exempt = new Set(Object.keys(EXEMPT).map((name) => name.replace('node:', '')));
    expect(names.filter((name) => !known.has(name) && !exempt.has(name))).toEqual([]);
  });
});

test('every entry names what to write instead and where to read about it', () => {
  for (const entry of [...CATALOG, ...CATALOG_PACKAGES.flatMap(({ entries }) => entries)]) {
    expect(entry.alternative, entry.name).not.toBe('');
    expect(entry.docs, entry.name).toMatch(/^https:\/\//);
  }
  const names = CATALOG.map((entry) => entry.name);
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});

/** Called by no recall test, and why. */
const NOT_CALLED: Readonly<Record<string, string>> = {
  'fs.lchmodSync': 'macOS only',
  'fs.Utf8Stream.flushSync': 'since Node 24.6, experimental',
  'process.dlopen': 'needs an addon',
  'v8.writeHeapSnapshot': 'the same work as v8.getHeapSnapshot',
  'crypto.encapsulate': 'needs OpenSSL 3.5',
  'crypto.decapsulate': 'needs OpenSSL 3.5',
  'crypto.DiffieHellman.computeSecret': 'the same wrapper as generateKeys',
  'zlib.createZipArchiveSync': 'since Node 26, experimental',
  'zlib.ZipEntry.createSync': 'since Node 26, experimental',
  'zlib.ZipFile.openSync': 'since Node 26, experimental',
  gc: 'needs --expose-gc',
  console: 'has a test of its own',
  require: 'has a test of its own',
};

test('every catalogued built-in is called by the recall test, or by one that is named here', () => {
  const source = readFileSync(fixture('every-operation.mjs'), 'utf8');
  const missing = CATALOG.filter(
    ({ name, module }) =>
      !source.includes(`['${name}'`) && NOT_CALLED[name] === undefined && !['node:sqlite', 'dgram'].includes(module),
  );
  expect(missing.map((entry) => entry.name)).toEqual([]);
});

test('docs/operations.md is what the catalog makes of it', () => {
  execFileSync(process.execPath, ['scripts/operations-doc.mjs', '--check'], { cwd: ROOT, stdio: 'pipe' });
});
