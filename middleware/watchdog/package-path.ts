import { existsSync } from 'node:fs';
import { basename, dirname, relative, sep } from 'node:path';

const roots = new Map<string, string | null>();
/** Directories remembered; a process has fewer. */
const MAX_ROOTS = 2000;

/**
 * A file's path as it is on every machine that runs the same code: relative to the nearest directory with a
 * `package.json`, else to the working directory, else its name alone. Always with forward slashes.
 */
export function portablePath(file: string): string {
  const root = packageRoot(dirname(file)) ?? process.cwd();
  const path = relative(root, file);
  return (path.startsWith('..') ? basename(file) : path).replaceAll(sep, '/');
}

/** The nearest directory at or above `directory` that has a `package.json`. */
export function packageRoot(directory: string): string | null {
  const known = roots.get(directory);
  if (known !== undefined) return known;
  const parent = dirname(directory);
  let root: string | null = null;
  if (existsSync(`${directory}${sep}package.json`)) root = directory;
  else if (parent !== directory) root = packageRoot(parent);
  if (roots.size < MAX_ROOTS) roots.set(directory, root);
  return root;
}
