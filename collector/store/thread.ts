/** The store's thread: a database driver may block here as long as it likes. */
import { parentPort, workerData } from 'node:worker_threads';
import type { StoreLimits, StoreLocation } from './location.js';
import type { Store } from './store.js';

export interface StoreThreadStart {
  readonly location: StoreLocation;
  readonly limits: StoreLimits;
}

export type StoreMethod = Exclude<keyof Store, 'kind'>;

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

async function open({ location, limits }: StoreThreadStart): Promise<Store> {
  // Only the driver that is used is loaded.
  if (location.type === 'postgres') return (await import('./postgres.js')).openPostgres(location.url, limits);
  if (location.type === 'sqlite') return (await import('./sqlite.js')).openSqlite(location.path, limits);
  throw new Error('What is kept in memory needs no thread.');
}

async function run(): Promise<void> {
  const port = parentPort;
  if (port === null) return;
  const answer = (message: StoreAnswer): void => port.postMessage(message);
  let store: Store;
  try {
    store = await open(workerData as StoreThreadStart);
  } catch (error) {
    answer({ id: 0, error: messageOf(error) });
    port.close();
    return;
  }
  // One after the other: a read sees all that was saved before it was asked.
  let queue: Promise<void> = Promise.resolve();
  port.on('message', ({ id, method, args }: StoreCall) => {
    queue = queue.then(async () => {
      try {
        const call = store[method] as (...given: unknown[]) => Promise<unknown>;
        answer({ id, result: await call.apply(store, [...args]) });
      } catch (error) {
        answer({ id, error: messageOf(error) });
      }
      if (method === 'close') port.close();
    });
  });
  answer({ id: 0, result: store.kind });
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

void run();
