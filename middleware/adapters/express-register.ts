import { subscribe } from 'node:diagnostics_channel';
import type { Server } from 'node:http';
import { onModuleLoaded } from '../guard/index.js';
import { isApplication, observeApplication } from './express-application.js';

/** Told of a server that is about to listen, with its request listeners in place. In Node since 18. */
const SERVER_LISTENS = 'tracing:net.server.listen:asyncStart';

/** The process-wide hooks are in place. */
let observing = false;

/**
 * Makes every Express application of the process observed without a change to its code, as if `app.use(holdup())` were
 * its first middleware. A request that is a view run already goes on as it is, so an app that says so too loses nothing.
 *
 * Two ways lead to an application. Express is caught as it loads, before it makes any. Where its loading cannot be seen
 * (bundled into the app, loaded by another tool's hooks or inside Jest), an application is caught when a server that
 * serves it begins to listen. Neither costs a request anything.
 */
export function observeExpress(): void {
  if (observing) return;
  observing = true;
  onModuleLoaded((filename, { exports }) => {
    if (/[\\/]lib[\\/]application\.js$/.test(filename) && isApplication(exports)) observeApplication(exports);
  });
  subscribe(SERVER_LISTENS, (message) => {
    const { server } = message as { server?: Server };
    for (const listener of server?.listeners?.('request') ?? []) {
      if (isApplication(listener)) observeApplication(listener);
    }
  });
}
