import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun, root } from './run.mjs';

/** What each house is built from, and a file that each of its builds writes. */
const HOUSES = [
  { sources: 'protocol', built: 'dist/protocol/.tsbuildinfo' },
  { sources: 'middleware', built: 'dist/agent/index.js' },
  { sources: 'collector', built: 'dist/collector/.tsbuildinfo' },
  { sources: 'dashboard', built: 'dist/dashboard/index.html' },
];

/** Builds the packages unless what is built is newer than all its sources. */
export async function ensureBuilt() {
  const stale = HOUSES.filter((house) => newest(join(root, house.sources)) > modifiedAt(join(root, house.built)));
  if (stale.length === 0) return;
  console.log(`Building ${stale.map((house) => house.sources).join(', ')} …`);
  await mustRun('npm', ['run', '--silent', 'build']);
}

/** Epoch milliseconds of the newest file below a folder. */
function newest(folder) {
  let latest = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) latest = Math.max(latest, modifiedAt(join(entry.parentPath, entry.name)));
  }
  return latest;
}

/** Epoch milliseconds; 0 for a file that is not there. */
function modifiedAt(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
