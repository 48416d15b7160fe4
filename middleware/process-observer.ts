import { announce } from './announce.js';
import { Observer } from './observer.js';
import { type HoldupOptions, readSettings } from './options.js';

let running: Observer | null = null;

/**
 * The process's one observer, started by whoever asks first: `holdup/register`, the middleware, or a test. Null when
 * `mode` is `off`. Options given later than the start can no longer change it, and are refused unless empty.
 *
 * @throws {HoldupOptionError} when an option is not what is accepted.
 */
export function observeProcess(options?: HoldupOptions): Observer | null {
  const settings = readSettings(options);
  if (settings.mode === 'off') return null;
  if (running === null) running = new Observer(settings, announce(settings));
  else if (options !== undefined) running.adopt(settings);
  return running;
}

export function runningObserver(): Observer | null {
  return running;
}

/** Ends the process's observer; the next `observeProcess` starts another. */
export async function stopObserving(): Promise<void> {
  const ending = running;
  running = null;
  await ending?.stop();
}
