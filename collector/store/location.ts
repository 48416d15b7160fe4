import { homedir, hostname } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** Where a collector keeps what is to outlive it. */
export type StoreLocation =
  | { readonly type: 'memory' }
  | { readonly type: 'sqlite'; readonly path: string }
  | { readonly type: 'postgres'; readonly url: string };

export interface StoreLimits {
  /** History, samples and groups not seen for this long are forgotten. */
  readonly retentionMs: number;
  /** Beyond this the oldest goes first. */
  readonly maxBytes: number;
}

/**
 * `memory`, `postgres://…`, a path, or `default`: a file of its own for each port in this user's state directory, so that
 * whoever opens the port next finds what was kept. A port that was given by chance has no such successor.
 */
export function locateStore(store: string, port: number): StoreLocation {
  if (store === 'memory' || (store === 'default' && port === 0)) return { type: 'memory' };
  if (/^postgres(?:ql)?:\/\//.test(store)) return { type: 'postgres', url: store };
  const path = store === 'default' ? join(stateDirectory(), `collector-${port}.db`) : store;
  return { type: 'sqlite', path: isAbsolute(path) ? path : resolve(path) };
}

/** For people: never a password. */
export function describeStore(location: StoreLocation): string {
  switch (location.type) {
    case 'memory':
      return 'memory';
    case 'sqlite':
      return location.path;
    case 'postgres': {
      try {
        const { host, pathname } = new URL(location.url);
        return `postgres://${host}${pathname}`;
      } catch {
        return 'postgres';
      }
    }
  }
}

/** What is a collector's own in a shared store carries this name; the same after a restart. */
export function collectorName(location: StoreLocation, port: number): string {
  return location.type === 'postgres' ? `${hostname()}:${port}` : 'local';
}

/** The place for what a program keeps between runs, by each system's own custom. */
function stateDirectory(env: NodeJS.ProcessEnv = process.env): string {
  switch (process.platform) {
    case 'win32':
      return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'holdup');
    case 'darwin':
      return join(homedir(), 'Library', 'Application Support', 'holdup');
    default:
      return join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'holdup');
  }
}
