/**
 * The collector as a library: receives what watched processes report, merges it, and serves the dashboard, the API
 * and Prometheus.
 */
import { once } from 'node:events';
import { CollectorError } from './errors.js';
import { COLLECTOR_LIMITS } from './limits.js';
import { type CollectorOptions, isLoopback, resolveOptions } from './options.js';
import { CollectorServer } from './server.js';

export { CollectorError, type CollectorErrorCode } from './errors.js';
export type { Log } from './log.js';
export { type CollectorOptions, DEFAULT_HOST, DEFAULT_PORT } from './options.js';

/** A collector that is listening. */
export interface Collector {
  /** The dashboard's address, `http://127.0.0.1:4653/`. Processes report to the same. */
  readonly url: string;
  readonly port: number;
  /** Logs one browser in, once, within an hour; null without a token. */
  readonly loginUrl: string | null;
  /** What is kept where: `memory`, a path, or `postgres://host/database`. */
  readonly store: string;
  /** Closes the port and every connection. Resolves within about half a second; a second call does no more. */
  stop(): Promise<void>;
}

/**
 * Starts a collector and resolves once it listens.
 *
 * Rejects with a `CollectorError`: `HOLDUP_INVALID_OPTION`, `HOLDUP_TOKEN_REQUIRED` (a host that other machines reach
 * needs a token), `HOLDUP_PORT_IN_USE`, `HOLDUP_STORE_FAILED` or `HOLDUP_LISTEN_FAILED`.
 *
 * @example
 * const collector = await startCollector({ port: 0 });
 * console.log(collector.url);
 * await collector.stop();
 */
export async function startCollector(options: CollectorOptions = {}): Promise<Collector> {
  const resolved = resolveOptions(options);
  const { host, basePath } = resolved;
  const server = new CollectorServer(resolved, () => Date.now());
  try {
    server.http.listen({ port: resolved.port, host, backlog: COLLECTOR_LIMITS.connectionsWaiting });
    await once(server.http, 'listening');
  } catch (error) {
    await server.stop();
    throw toListenError(error as NodeJS.ErrnoException, host, resolved.port);
  }
  // An error after this point concerns one connection, not the server.
  server.http.on('error', () => {});
  try {
    // Only whoever has the port opens the store that goes with it.
    await server.open();
  } catch (error) {
    await server.stop();
    throw error;
  }
  const { port } = server;
  const url = `http://${hostInUrl(host)}:${port}${basePath}/`;
  let stopped: Promise<void> | undefined;
  return {
    url,
    port,
    loginUrl: server.loginCode === '' ? null : `${url}?login=${server.loginCode}`,
    store: server.store,
    stop: () => {
      stopped ??= server.stop();
      return stopped;
    },
  };
}

function toListenError(error: NodeJS.ErrnoException, host: string, port: number): CollectorError {
  if (error.code === 'EADDRINUSE') {
    return new CollectorError(
      'HOLDUP_PORT_IN_USE',
      `Port ${port} on ${host} is in use. If a Holdup collector runs there already, use that one; otherwise choose another port, or 0 for any free one.`,
      { cause: error },
    );
  }
  return new CollectorError('HOLDUP_LISTEN_FAILED', `Cannot listen on ${host}:${port}: ${error.message}.`, {
    cause: error,
  });
}

/** An address a browser can open: a wildcard means every address, this machine's included. */
function hostInUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') return isLoopback(host) ? host : '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
