import type { StoreLimits, StoreLocation } from './location.js';
import type { RemoteStart, StoreAnswer, StoreMethod } from './remote.js';
import { type RemoteSide, startRemoteSide } from './remote-side.js';
import type {
  HistoryPoint,
  Maintained,
  Store,
  StoreChanges,
  StoredGroup,
  StoredGroupDetail,
  StoredState,
  StoreKind,
} from './store.js';

const OPEN_TIMEOUT_MS = 30_000;
const CLOSE_TIMEOUT_MS = 2000;
/** How long to wait before what ended by itself is started again: doubled each time, up to the second. */
const RESTART_MS = [100, 5000] as const;
/** What lived this long did not end for the reason that ended the one before. */
const HEALTHY_MS = 5000;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A store that works elsewhere, off the collector's loop. When what works for it dies alone, it is started again. */
export class RemoteStore implements Store {
  readonly kind: StoreKind;
  readonly #start: RemoteStart;
  readonly #waiting = new Map<number, Waiting>();
  #side: RemoteSide | null = null;
  #down = 'it is not open yet';
  #calls = 0;
  #restarts = 0;
  #openedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** Rejects with why the store could not be opened. */
  static async open(location: StoreLocation, limits: StoreLimits): Promise<RemoteStore> {
    const store = new RemoteStore({ location, limits });
    await store.#open();
    return store;
  }

  private constructor(start: RemoteStart) {
    this.kind = start.location.type;
    this.#start = start;
  }

  get down(): string {
    return this.#down;
  }

  load(collector: string, nowMs: number): Promise<StoredState> {
    return this.#call('load', collector, nowMs);
  }
  save(changes: StoreChanges): Promise<void> {
    return this.#call('save', changes);
  }
  groupsSavedSince(savedAtMs: number): Promise<readonly StoredGroup[]> {
    return this.#call('groupsSavedSince', savedAtMs);
  }
  groupDetail(service: string, fingerprint: string): Promise<StoredGroupDetail> {
    return this.#call('groupDetail', service, fingerprint);
  }
  timeline(fromMs: number, toMs: number, stepMs: number): Promise<readonly HistoryPoint[]> {
    return this.#call('timeline', fromMs, toMs, stepMs);
  }
  maintain(nowMs: number): Promise<Maintained> {
    return this.#call('maintain', nowMs);
  }

  /** Lets what was asked for finish, for a bounded time. */
  async close(): Promise<void> {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    const side = this.#side;
    if (side !== null) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
      });
      const closed = this.#call<void>('close')
        .catch(() => {})
        .then(() => side.end());
      this.#closed = true;
      await Promise.race([closed, late]);
      clearTimeout(timer);
      void side.end();
    }
    this.#closed = true;
    this.#end('the store is closed');
  }

  async #open(): Promise<void> {
    const side = startRemoteSide(this.#start);
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        timer = setTimeout(
          () => reject(new Error(`it did not open within ${OPEN_TIMEOUT_MS / 1000} s`)),
          OPEN_TIMEOUT_MS,
        );
        timer.unref();
        side.onEnd(reject);
        side.onMessage((answer) => {
          if (answer.id !== 0) this.#answered(answer);
          else if (answer.error === undefined) resolve();
          else reject(new Error(answer.error));
        });
      });
    } catch (error) {
      void side.end();
      throw error;
    } finally {
      clearTimeout(timer);
    }
    if (this.#closed) {
      void side.end();
      return;
    }
    this.#side = side;
    this.#down = '';
    this.#openedAt = performance.now();
    side.onEnd((error) => this.#lost(side, error));
  }

  #lost(side: RemoteSide, { message }: Error): void {
    if (this.#side !== side) return;
    this.#side = null;
    this.#end(message);
    if (this.#closed) return;
    if (performance.now() - this.#openedAt > HEALTHY_MS) this.#restarts = 0;
    this.#reopenSoon();
  }

  #reopenSoon(): void {
    const [first, most] = RESTART_MS;
    const waitMs = Math.min(most, first * 2 ** this.#restarts++);
    this.#timer = setTimeout(() => {
      this.#open().catch((error: Error) => {
        this.#end(error.message);
        if (!this.#closed) this.#reopenSoon();
      });
    }, waitMs);
    this.#timer.unref();
  }

  #call<T>(method: StoreMethod, ...args: readonly unknown[]): Promise<T> {
    const side = this.#side;
    if (side === null || this.#closed) return Promise.reject(new Error(this.#down));
    const id = ++this.#calls;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      side.post({ id, method, args });
    });
  }

  #answered({ id, result, error }: StoreAnswer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error));
  }

  /** Nobody will answer what was asked. */
  #end(why: string): void {
    this.#down = why;
    for (const { reject } of this.#waiting.values()) reject(new Error(why));
    this.#waiting.clear();
  }
}
