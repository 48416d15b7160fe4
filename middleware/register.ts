/**
 * Watches a process from its first line, without a change to its code: `node --import holdup/register server.js`, or
 * `NODE_OPTIONS=--import=holdup/register`. Options come from the environment (`HOLDUP_…`). Loaded before the app, it
 * also covers references to sync-only functions that the app's modules take as they load, and every Express application.
 */
import cluster from 'node:cluster';
import { basename } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { CHECK_DIRECTORY_VARIABLE } from '../protocol/index.js';
import { observeExpress } from './adapters/express-register.js';
import { HoldupOptionError } from './errors.js';
import { witnessEverySite } from './guard/index.js';
import type { Observer } from './observer.js';
import { readFlag } from './options.js';
import { adoptPm2Environment } from './pm2.js';
import { observeProcess } from './process-observer.js';
import { SightingLog } from './register/sighting-log.js';

/** They only start others, which NODE_OPTIONS reaches too. */
const PACKAGE_MANAGERS = /^(?:npm|npx|pnpm|pnpx|yarn|yarnpkg|corepack)(?:-cli)?(?:\.[cm]?js)?$/;

try {
  adoptPm2Environment();
  if (isToBeWatched()) {
    const observer = observeProcess();
    if (observer !== null) watch(observer);
  }
} catch (error) {
  if (error instanceof HoldupOptionError) {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
  // A mistake of ours must not keep the app from running.
  process.stderr.write(`holdup: could not start, so nothing is watched: ${(error as Error)?.stack ?? error}\n`);
}

/** Worker threads have loops of their own; they are watched only if HOLDUP_WORKERS=1 asks for it. */
function isToBeWatched(): boolean {
  if (PACKAGE_MANAGERS.test(basename(process.argv[1] ?? ''))) return false;
  const workers = readFlag('HOLDUP_WORKERS', process.env);
  return isMainThread || workers;
}

function watch(observer: Observer): void {
  observeExpress();
  const { armed, text } = observer.guard.selfTest();
  const directory = process.env[CHECK_DIRECTORY_VARIABLE] ?? '';
  if (directory !== '') {
    witnessEverySite();
    observer.addOutput(new SightingLog(directory, armed));
  }
  // Once for a program, not once for each of its workers; and always when something is wrong.
  const first = isMainThread && cluster.isPrimary && directory === '';
  if (armed && (!first || process.env.NODE_ENV === 'production')) return;
  for (const line of text.split('\n')) process.stderr.write(`holdup: ${line}\n`);
}
