/**
 * Holdup: which view, which line and which call holds the event loop, and which requests paid for it.
 *
 * The middleware is in `holdup/express`; here is what the app's own code may say to the guard.
 */
export { HoldupOptionError } from './errors.js';
export { type AsyncUnsafeOptions, allowSync, asyncUnsafe, SynchronousOnlyOperation } from './guard/index.js';
export type { AllowEntry, HoldupOptions, Mode } from './options.js';
export { syncToAsync } from './sync-to-async.js';
export { withView } from './with-view.js';
