import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * Where Holdup is installed. Not taken from the place of this file: what a process loads is bundled into few files, so
 * that it starts quickly, and threads are started by file.
 */
const PACKAGE: URL = new URL('.', pathToFileURL(createRequire(import.meta.url).resolve('holdup/package.json')));

/** The watchdog thread. */
export const WATCHDOG_FILE: URL = new URL('dist/agent/thread.cjs', PACKAGE);
/** What `holdup/register` stands for. */
export const REGISTER_FILE: URL = new URL('dist/agent/register.js', PACKAGE);
/** What runs on the worker threads of `syncToAsync`. */
export const SYNC_WORKER_FILE: URL = new URL('dist/agent/sync-worker.js', PACKAGE);
/** The embedded collector's thread. */
export const COLLECTOR_FILE: URL = new URL('dist/collector/worker.js', PACKAGE);
/** Directories whose frames are Holdup's own: what runs, and the sources it maps to. */
export const OWN_DIRECTORIES: readonly URL[] = ['dist/agent/', 'dist/middleware/', 'middleware/'].map(
  (path) => new URL(path, PACKAGE),
);
