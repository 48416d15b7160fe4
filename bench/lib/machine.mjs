import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The core a server under measurement has for itself, and the one for everything else. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

/** Can processes be pinned to cores here? Without that, figures are noisier and the table says so. */
const canPin = cpus().length > 1 && succeeds('taskset', ['--version']);

/** The command line that runs a program on one core, where that can be done. */
export function pinned(core, command, args) {
  return canPin ? ['taskset', ['-c', String(core), command, ...args]] : [command, args];
}

/**
 * The Node versions that are here: the one that runs this, and those that `npm test` puts into the cache.
 *
 * @returns {{ version: string, program: string }[]} by major version
 */
export function nodeVersions() {
  const programs = [process.execPath];
  for (const major of [20, 22, 24, 26]) {
    const program = `${root}.cache/node-${major}/node_modules/node/bin/node`;
    if (existsSync(program)) programs.push(program);
  }
  const found = new Map();
  for (const program of programs) {
    const version = execFileSync(program, ['--version'], { encoding: 'utf8' }).trim();
    found.set(majorOf(version), { version, program });
  }
  return [...found.values()].sort((a, b) => majorOf(a.version) - majorOf(b.version));
}

/** Those of `majors` that are here. Says which are not. */
export function nodesOf(majors) {
  const nodes = nodeVersions().filter(({ version }) => majors.includes(majorOf(version)));
  for (const major of majors) {
    if (nodes.some(({ version }) => majorOf(version) === major)) continue;
    console.error(`Node ${major} is not here, so it is not measured; \`npm test\` brings it.`);
  }
  return nodes;
}

export function majorOf(version) {
  return Number(/^v(\d+)/.exec(version)[1]);
}

/** One line on what was measured on, and when. */
export function machineLine(pinning = canPin ? 'server pinned to one core, load on another' : 'not pinned: noisier') {
  const day = new Date().toISOString().slice(0, 10);
  return `${cpus()[0]?.model.trim()} × ${cpus().length}, ${process.platform}, ${day}; ${pinning}`;
}

function succeeds(command, args) {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
