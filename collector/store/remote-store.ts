import { fork } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import type { StoreLimits, StoreLocation } from './location.js';
import type { RemoteStart, StoreAnswer, StoreCall, StoreMethod } from './remote.js';
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

const REMOTE = new URL('./remote.js', import.meta.url);
const OPEN_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 2000;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A thread or a process that works for the store; it keeps nobody alive. */
interface Remote {
  readonly post: (call: StoreCall) => void;
  readonly onMessage: (listener: (answer: StoreAnswer) => void) => void;
  readonly onEnd: (listener: (error: Error) => void) => void;
  /** Resolves once it has ended, and with it its locks. */
  readonly end: () => Promise<unknown>;
}

/** A store that works elsewhere, off the collector's loop. */
export class RemoteStore implements Store {
  readonly kind: StoreKind;
  readonly #remote: Remote;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #ended: Error | null = null;

  /** Rejects with why the store could not be opened. */
  static open(location: StoreLocation, limits: StoreLimits): Promise<RemoteStore> {
    const start: RemoteStart = { location, limits };
    const remote = location.type === 'sqlite' ? startProcess(start) : startThread(start);
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        clearTimeout(timer);
        void remote.end();
        reject(error);
      };
      const timer = setTimeout(
        () => fail(new Error(`it did not open within ${OPEN_TIMEOUT_MS / 1000} s`)),
        OPEN_TIMEOUT_MS,
      );
      const store = new RemoteStore(remote, location.type);
      remote.onEnd(fail);
      store.#waiting.set(0, {
        resolve: () => {
          clearTimeout(timer);
          resolve(store);
        },
        reject: fail,
      });
    });
  }

  private constructor(remote: Remote, kind: StoreKind) {
    this.kind = kind;
    this.#remote = remote;
    remote.onMessage((answer) => this.#answered(answer));
    remote.onEnd((error) => this.#end(error));
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
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
    });
    const closed = this.#call<void>('close')
      .catch(() => {})
      .then(() => this.#remote.end());
    await Promise.race([closed, late]);
    clearTimeout(timer);
    this.#ended ??= new Error('the store is closed');
    void this.#remote.end();
  }

  #call<T>(method: StoreMethod, ...args: readonly unknown[]): Promise<T> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    const id = ++this.#calls;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#remote.post({ id, method, args });
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

function startThread(workerData: RemoteStart): Remote {
  const worker = new Worker(REMOTE, { name: 'holdup store', workerData, execArgv: [], argv: [] });
  worker.unref();
  return {
    post: (call) => worker.postMessage(call),
    onMessage: (listener) => worker.on('message', listener),
    onEnd: (listener) => {
      worker.on('error', listener);
      worker.on('exit', () => listener(new Error('the thread of the store ended')));
    },
    end: () => worker.terminate(),
  };
}

function startProcess(start: RemoteStart): Remote {
  // A program that is watched by NODE_OPTIONS must not have its store watched too.
  const { NODE_OPTIONS: _options, ...env } = process.env;
  const child = fork(REMOTE, [JSON.stringify(start)], {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env,
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.unref();
  child.channel?.unref();
  return {
    post: (call) => {
      // An end that was not heard of yet; `onEnd` tells.
      child.send(call, () => {});
    },
    onMessage: (listener) => child.on('message', (answer) => listener(answer as StoreAnswer)),
    onEnd: (listener) => {
      child.on('error', listener);
      child.on('exit', () => listener(new Error('the process of the store ended')));
    },
    // It saves what it was given, and goes.
    end: () => {
      if (child.connected) child.disconnect();
      return ended;
    },
  };
}
