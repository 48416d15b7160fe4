import type { Category } from '../../../protocol/index.js';
import type { CatalogEntry, Gate } from './entry.js';

/** A package whose sync-only functions are wrapped as it loads. */
export interface CatalogPackage {
  readonly name: string;
  /** The file, relative to the package, whose exports these are; any that has them when not given. */
  readonly file?: RegExp;
  /** The same for its ES modules, of those that an app imports by name. */
  readonly module?: RegExp;
  /** CommonJS whose exports are getters: before Node 24 importers get what those gave first. */
  readonly hasGetters?: boolean;
  /** `exports`: functions of the exports. `driver`: a database driver's class. */
  readonly kind: 'exports' | 'driver';
  readonly entries: readonly CatalogEntry[];
  /** Its exports are a copy of `fs`, whose names they keep. */
  readonly copiesFs?: boolean;
}

type Row = readonly [path: string, alternative: string, gate?: Gate];

/** For what is often cached or small, so that a person would call most reports of it false alarms. */
const SLOW: Gate = { type: 'duration', ms: 1 };

const OFF_THREAD = "await syncToAsync(new URL('./work.js', import.meta.url), 'work')(…) // on a worker thread";
const DATABASE = "await syncToAsync(new URL('./database.js', import.meta.url), 'query')(sql) // on a worker thread";
const ONCE = 'compile it once at start-up and keep the function';

export const CATALOG_PACKAGES: readonly CatalogPackage[] = [
  driver('libsql', /^index\.js$/, 'await client.execute(sql) // createClient() of @libsql/client'),
  driver('better-sqlite3', /^lib\/database\.js$/, DATABASE),
  of('bcrypt', 'crypto', [
    ['hashSync', 'await bcrypt.hash(password, rounds)'],
    ['compareSync', 'await bcrypt.compare(password, hash)'],
  ]),
  of('bcryptjs', 'crypto', [
    [
      'hashSync',
      'await bcrypt.hash(password, rounds) of the package bcrypt: that of bcryptjs still runs on this thread',
    ],
    [
      'compareSync',
      'await bcrypt.compare(password, hash) of the package bcrypt: that of bcryptjs still runs on this thread',
    ],
  ]),
  of('execa', 'process', [
    ['execaSync', 'await execa(command, args)'],
    ['execaCommandSync', 'await execaCommand(command)'],
    ['sync', 'await execa(command, args)'],
    ['commandSync', 'await execa.command(command)'],
  ]),
  of('cross-spawn', 'process', [['sync', "const child = spawn(command, args); await once(child, 'close')"]]),
  of('sync-fetch', 'network', [['', 'await fetch(url)']]),
  of('sync-request', 'network', [
    ['default', 'await fetch(url)'],
    ['', 'await fetch(url)'],
  ]),
  of('deasync', 'wait', [
    ['runLoopOnce', 'await promisify(fn)(…)'],
    ['sleep', 'await setTimeout(ms) // node:timers/promises'],
    ['loopWhile', 'await the promise'],
  ]),
  of('synckit', 'wait', [['createSyncFn', 'await the worker’s own promise']]),
  of('glob', 'file', [
    ['globSync', 'await glob(pattern)'],
    ['sync', 'await glob(pattern)'],
  ]),
  of('fast-glob', 'file', [
    ['sync', 'await fg(patterns)'],
    ['globSync', 'await fg(patterns)'],
  ]),
  of('rimraf', 'file', [
    ['sync', 'await rimraf(path)'],
    ['rimrafSync', 'await rimraf(path)'],
  ]),
  of('which', 'file', [['sync', 'await which(command)']]),
  {
    ...of(
      'fs-extra',
      'file',
      [
        ['copySync', 'await fs.copy(source, target)'],
        ['emptyDirSync', 'await fs.emptyDir(path)'],
        ['ensureDirSync', 'await fs.ensureDir(path)'],
        ['ensureFileSync', 'await fs.ensureFile(path)'],
        ['moveSync', 'await fs.move(source, target)'],
        ['outputFileSync', 'await fs.outputFile(path, data)'],
        ['outputJsonSync', 'await fs.outputJson(path, value)'],
        ['pathExistsSync', 'await fs.pathExists(path)'],
        ['readJsonSync', 'await fs.readJson(path)'],
        ['removeSync', 'await fs.remove(path)'],
        ['writeJsonSync', 'await fs.writeJson(path, value)'],
      ],
      /^lib\/index\.js$/,
    ),
  },
  { ...of('graceful-fs', 'file', []), copiesFs: true },
  of('shelljs', 'process', [['exec', 'await promisify(child_process.exec)(command)']], /^shell\.js$/),
  of(
    'jsonwebtoken',
    'crypto',
    [
      ['sign', 'await new SignJWT(payload).sign(key) // jose; the callback form still runs on this thread', SLOW],
      ['verify', 'await jwtVerify(token, key) // jose; the callback form still runs on this thread', SLOW],
    ],
    /^index\.js$/,
  ),
  of(
    'xlsx',
    'serialization',
    ['read', 'readFile', 'write', 'writeFile', 'writeXLSX'].map((name) => [name, OFF_THREAD]),
  ),
  of(
    'handlebars',
    'code generation',
    [
      ['compile', ONCE],
      ['precompile', ONCE],
    ],
    /^lib\/index\.js$/,
  ),
  of('ejs', 'code generation', [['compile', ONCE]]),
  of(
    'pug',
    'code generation',
    [
      ['compile', ONCE],
      ['compileFile', ONCE],
      ['compileClient', ONCE],
    ],
    /^lib\/index\.js$/,
  ),
  of('ajv', 'code generation', [['default.prototype.compile', ONCE, SLOW]], /^dist\/core\.js$/),
  of('protobufjs', 'file', [['loadSync', 'await protobuf.load(path)']], /^src\/index-light\.js$/),
  of('tmp', 'file', [
    ['dirSync', 'await promisify(tmp.dir)()'],
    ['fileSync', 'await promisify(tmp.file)()'],
    ['tmpNameSync', 'await promisify(tmp.tmpName)()'],
  ]),
  {
    ...of(
      'csv-parse',
      'serialization',
      [['parse', 'await pipeline(source, csvParse.parse(options), target)', SLOW]],
      /^dist\/cjs\/sync\.cjs$/,
    ),
    module: /^lib\/sync\.js$/,
  },
  of(
    'sass',
    'code generation',
    [
      ['compile', 'await sass.compileAsync(path)'],
      ['compileString', 'await sass.compileStringAsync(source)'],
      ['renderSync', 'await promisify(sass.render)(options)'],
    ],
    /^sass\.node\.js$/,
  ),
  {
    ...of('esbuild', 'code generation', [
      ['buildSync', 'await esbuild.build(options)'],
      ['transformSync', 'await esbuild.transform(code)'],
      ['formatMessagesSync', 'await esbuild.formatMessages(messages)'],
    ]),
    hasGetters: true,
  },
  {
    ...of(
      '@babel/core',
      'code generation',
      [
        ['transformSync', 'await babel.transformAsync(code)'],
        ['transformFileSync', 'await babel.transformFileAsync(path)'],
        ['parseSync', 'await babel.parseAsync(code)'],
      ],
      /^lib\/index\.js$/,
    ),
    hasGetters: true,
  },
];

function of(name: string, category: Category, rows: readonly Row[], file?: RegExp): CatalogPackage {
  const entries = rows.map(([path, alternative, gate]) => toEntry(name, category, path, alternative, gate));
  return { name, kind: 'exports', entries, ...(file === undefined ? {} : { file }) };
}

function driver(name: string, file: RegExp, alternative: string): CatalogPackage {
  const paths = ['Database.prototype.exec', 'Database.prototype.pragma'].concat(
    ['all', 'get', 'iterate', 'run'].map((method) => `Statement.prototype.${method}`),
  );
  return { name, file, kind: 'driver', entries: paths.map((path) => toEntry(name, 'database', path, alternative)) };
}

function toEntry(
  module: string,
  category: Category,
  path: string,
  alternative: string,
  gate: Gate | null = null,
): CatalogEntry {
  const readable = path.replace('default.', '').replace('prototype.', '');
  return {
    name: readable === '' || readable === 'default' ? module : `${module}.${readable}`,
    module,
    path,
    category,
    alternative,
    since: '',
    docs: `https://www.npmjs.com/package/${module}`,
    gate,
  };
}
