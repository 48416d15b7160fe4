import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun, root } from './run.mjs';

/** Runs `npm ci` unless what is installed is what the lockfile asks for. */
export async function ensureInstalled() {
  const difference = installDifference();
  if (difference === null) return;
  console.log(`Installing the dependencies (${difference}) …`);
  await mustRun('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
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
