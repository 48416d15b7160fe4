import { CollectorError } from '../errors.js';
import type { Log } from '../log.js';
import type { ResolvedOptions } from '../options.js';
import { describeStore, locateStore, type StoreLocation } from './location.js';
import { MemoryStore } from './memory-store.js';
import { RemoteStore } from './remote-store.js';
import type { Store } from './store.js';

export interface OpenedStore {
  readonly store: Store;
  readonly location: StoreLocation;
}

/** Opens the store; when the default one cannot be used, memory has to do, because watching matters more. */
export async function openStore(options: ResolvedOptions, port: number, log: Log): Promise<OpenedStore> {
  const location = locateStore(options.store, options.port === 0 ? 0 : port);
  if (location.type === 'memory') return { store: new MemoryStore(), location };
  const where = describeStore(location);
  try {
    return { store: await RemoteStore.open(location, options.limits), location };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (options.store !== 'default') {
      throw new CollectorError('HOLDUP_STORE_FAILED', `The store ${where} cannot be opened: ${why}.`, { cause: error });
    }
    log.warn({ store: where }, `history will not outlive this collector: ${where} cannot be used (${why})`);
    return { store: new MemoryStore(), location: { type: 'memory' } };
  }
}
