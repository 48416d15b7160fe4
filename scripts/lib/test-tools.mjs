import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { mustRun, programOnPath, root } from './run.mjs';

/** Programs that some tests drive, and the Debian package that has each. Without them those tests are skipped. */
const PROGRAMS = [
  { names: ['chromium', 'chromium-browser', 'google-chrome'], debianPackage: 'chromium' },
  { names: ['promtool'], debianPackage: 'prometheus' },
  { names: ['nginx', '/usr/sbin/nginx'], debianPackage: 'nginx' },
  { names: ['/usr/lib/postgresql/*/bin/initdb'], debianPackage: 'postgresql' },
];

/** Says to Debian's PostgreSQL that it should make no cluster of its own: the tests make theirs, and end them. */
const NO_CLUSTER = '/etc/postgresql-common/createcluster.d/holdup-tests.conf';

/** The Node versions the tests run the product on, beside the one that runs the tests. */
const NODE_VERSIONS = [22, 24, 26];

/** Brings what is missing where that is possible, and says in one line each what is not. */
export async function ensureTestTools() {
  const missing = [];
  for (const { names, debianPackage } of PROGRAMS) {
    const found = await Promise.all(names.map(programOnPath));
    if (found.every((path) => path === null)) missing.push(debianPackage);
  }
  if (missing.length > 0) await attempt(`Debian's ${missing.join(' and ')}`, () => installFromDebian(missing));
  for (const version of NODE_VERSIONS) {
    if (!existsSync(nodeProgram(version))) await attempt(`Node ${version}`, () => installNode(version));
  }
  for (const name of PACKAGES) {
    const folder = join(root, '.cache', name);
    const isHere = existsSync(join(folder, 'node_modules', name, 'package.json'));
    if (!isHere) await attempt(name, () => installInto(folder, name));
  }
}

/** Programs that a test starts and the project never imports, so they are no dependencies of it. */
const PACKAGES = ['pm2'];

/** Where `npm test` puts another version of Node. */
function nodeProgram(version) {
  return join(root, '.cache', `node-${version}`, 'node_modules', 'node', 'bin', 'node');
}

async function attempt(what, install) {
  console.log(`Installing ${what} for the tests …`);
  try {
    await install();
  } catch (error) {
    console.log(`${what} could not be installed, so the tests that need it are skipped.\n${error.message}`);
  }
}

async function installFromDebian(packages) {
  if (process.getuid?.() !== 0) throw new Error(`Only root may: apt-get install ${packages.join(' ')}`);
  // In run level 1 a package starts no service when it is installed; the tests start what they need themselves.
  const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  if (packages.includes('postgresql')) {
    mkdirSync(dirname(NO_CLUSTER), { recursive: true });
    writeFileSync(NO_CLUSTER, 'create_main_cluster = false\n');
  }
  await mustRun('apt-get', ['update', '-qq'], { env });
  await mustRun('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env });
}

/** Not a dependency: `node_modules/.bin/node` would take the place of the Node that runs the project's commands. */
async function installNode(version) {
  await installInto(join(root, '.cache', `node-${version}`), `node@${version}`);
}

async function installInto(folder, name) {
  await mustRun('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', folder, name]);
}
