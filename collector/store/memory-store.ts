import type { Maintained, Store, StoredGroup, StoredGroupDetail, StoredState } from './store.js';

/** Keeps nothing: all there is, is in the collector's own memory. */
export class MemoryStore implements Store {
  readonly kind = 'memory';
  readonly down = '';

  async load(): Promise<StoredState> {
    return { groups: [], totals: [], senders: [], seconds: [] };
  }
  async save(): Promise<void> {}
  async groupsSavedSince(): Promise<readonly StoredGroup[]> {
    return [];
  }
  async groupDetail(): Promise<StoredGroupDetail> {
    return { samples: [], hours: [] };
  }
  async timeline(): Promise<readonly never[]> {
    return [];
  }
  async maintain(): Promise<Maintained> {
    return { sizeBytes: 0, droppedRows: 0 };
  }
  async close(): Promise<void> {}
}
