/**
 * The far side of a `RemoteStore`, where a database driver may block as long as it likes: a thread for PostgreSQL, whose
 * driver is plain JavaScript, and a process for SQLite, whose native driver aborts its whole process when its thread is
 * ended in the middle of a call, as `process.exit()` does. That must never be the watched app.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { StoreLimits, StoreLocation } from './location.js';
import type { Store } from './store.js';

export interface RemoteStart {
  readonly location: StoreLocation;
  readonly limits: StoreLimits;
}

export type StoreMethod = Exclude<keyof Store, 'kind' | 'down'>;

export interface StoreCall {
  readonly id: number;
  readonly method: StoreMethod;
  readonly args: readonly unknown[];
}

/** The answer to the call of that number; to number 0, whether the store could be opened. */
export interface StoreAnswer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

async function open({ location, limits }: RemoteStart): Promise<Store> {
  // Only the driver that is used is loaded.
  if (location.type === 'postgres') return (await import('./postgres.js')).openPostgres(location.url, limits);
  if (location.type === 'sqlite') return (await import('./sqlite.js')).openSqlite(location.path, limits);
  throw new Error('What is kept in memory needs no thread.');
}

/** The line to the near side. */
interface Line {
  readonly start: RemoteStart;
  readonly post: (message: StoreAnswer) => void;
  readonly listen: (onCall: (call: StoreCall) => void) => void;
  readonly close: () => void;
}

function threadLine(port: MessagePort): Line {
  return {
    start: workerData as RemoteStart,
    post: (message) => port.postMessage(message),
    listen: (onCall) => port.on('message', onCall),
    close: () => port.close(),
  };
}

function processLine(): Line {
  // What stops a terminal's or a service's processes all at once must leave this one to finish what it was given.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  return {
    start: JSON.parse(process.argv[2] ?? 'null') as RemoteStart,
    post: (message) => {
      // Nobody is left to read it once the collector was killed.
      if (process.connected) process.send?.(message, () => {});
    },
    listen: (onCall) => process.on('message', onCall as (message: unknown) => void),
    close: () => {
      if (process.connected) process.disconnect();
    },
  };
}

async function run(line: Line): Promise<void> {
  let store: Store;
  try {
    store = await open(line.start);
  } catch (error) {
    line.post({ id: 0, error: messageOf(error) });
    // Until it is sent.
    setTimeout(() => line.close(), 100);
    return;
  }
  // One after the other: a read sees all that was saved before it was asked.
  let queue: Promise<void> = Promise.resolve();
  let isClosed = false;
  const close = async (): Promise<void> => {
    if (!isClosed) await store.close();
    isClosed = true;
  };
  line.listen(({ id, method, args }) => {
    queue = queue.then(async () => {
      try {
        if (method === 'close') await close();
        const call = store[method] as (...given: unknown[]) => Promise<unknown>;
        line.post({ id, result: method === 'close' ? undefined : await call.apply(store, [...args]) });
      } catch (error) {
        line.post({ id, error: messageOf(error) });
      }
    });
  });
  // The collector was killed, or is done: what it had sent is saved first.
  process.on('disconnect', () => {
    queue = queue.then(close).finally(() => process.exit(0));
  });
  line.post({ id: 0, result: store.kind });
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

void run(parentPort === null ? processLine() : threadLine(parentPort));
