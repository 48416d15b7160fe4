import { Worker } from 'node:worker_threads';
import type { StoreLimits, StoreLocation } from './location.js';
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
import type { StoreAnswer, StoreCall, StoreMethod, StoreThreadStart } from './thread.js';

const OPEN_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 2000;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A store that works in a thread of its own, off the collector's loop. */
export class ThreadStore implements Store {
  readonly kind: StoreKind;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #ended: Error | null = null;

  /** Rejects with why the store could not be opened. */
  static open(location: StoreLocation, limits: StoreLimits): Promise<ThreadStore> {
    return new Promise((resolve, reject) => {
      const workerData: StoreThreadStart = { location, limits };
      const worker = new Worker(new URL('./thread.js', import.meta.url), {
        name: 'holdup store',
        workerData,
        execArgv: [],
        argv: [],
      });
      const fail = (error: Error): void => {
        clearTimeout(timer);
        void worker.terminate();
        reject(error);
      };
      const timer = setTimeout(
        () => fail(new Error(`It did not open within ${OPEN_TIMEOUT_MS / 1000} s.`)),
        OPEN_TIMEOUT_MS,
      );
      worker.once('error', fail);
      worker.once('message', ({ error }: StoreAnswer) => {
        if (error !== undefined) {
          fail(new Error(error));
          return;
        }
        clearTimeout(timer);
        worker.off('error', fail);
        resolve(new ThreadStore(worker, location.type));
      });
    });
  }

  private constructor(worker: Worker, kind: StoreKind) {
    this.kind = kind;
    this.#worker = worker;
    worker.on('message', (answer: StoreAnswer) => this.#answered(answer));
    worker.on('error', (error) => this.#end(error));
    worker.on('exit', () => this.#end(new Error('The thread of the store ended.')));
    // The collector's sockets keep the process alive, not its store.
    worker.unref();
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
    if (this.#ended !== null) return;
    this.#worker.ref();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
    });
    await Promise.race([this.#call<void>('close').catch(() => {}), late]);
    clearTimeout(timer);
    await this.#worker.terminate();
  }

  #call<T>(method: StoreMethod, ...args: readonly unknown[]): Promise<T> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    const id = ++this.#calls;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#worker.postMessage({ id, method, args } satisfies StoreCall);
    });
  }

  #answered({ id, result, error }: StoreAnswer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}
