import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun, root, run } from './run.mjs';

const QUIET = ['--no-audit', '--no-fund', '--loglevel=error'];

/** Installs what the lockfile asks for, unless that is what is installed. */
export async function ensureInstalled() {
  const difference = installDifference();
  if (difference === null) return;
  console.log(`Installing the dependencies (${difference}) …`);
  const { exitCode, output } = await run('npm', ['ci', '--include=dev', ...QUIET]);
  if (exitCode === 0) return;
  // A registry that lacks the packages of other platforms makes lockfiles without them, which `npm ci` refuses and
  // `npm install` completes. It takes the locked versions too; with --no-save it leaves the lockfile as it is.
  if (!output.includes('EUSAGE')) throw new Error(`\`npm ci\` failed (${exitCode}).\n${output}`);
  await mustRun('npm', ['install', '--no-save', '--include=dev', ...QUIET]);
}

/** What the installed packages lack of the lockfile, in words; null when nothing. */
function installDifference() {
  const wanted = packagesIn(join(root, 'package-lock.json'));
  const installed = packagesIn(join(root, 'node_modules', '.package-lock.json'));
  if (installed === null) return 'none are here yet';
  for (const [path, { version, optional, peer }] of Object.entries(wanted ?? {})) {
    // Optional packages are for certain platforms; the root package ('') is the project itself.
    if (path === '' || ((optional || peer) && installed[path] === undefined)) continue;
    if (installed[path]?.version !== version) return `${path.replace(/^.*node_modules\//, '')} ${version} is missing`;
  }
  return null;
}

function packagesIn(lockfile) {
  try {
    return JSON.parse(readFileSync(lockfile, 'utf8')).packages;
  } catch {
    return null;
  }
}
