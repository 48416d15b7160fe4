import { observeExpress } from '../adapters/express-register.js';
import { witnessEverySite } from '../guard/index.js';
import type { OperationCall } from '../guard/operation-call.js';
import type { Observer } from '../observer.js';
import type { AllowEntry, HoldupOptions } from '../options.js';
import type { Output } from '../outputs/output.js';
import { observeProcess, runningObserver, stopObserving } from '../process-observer.js';
import { Collection } from './collection.js';
import { countsInTests } from './user-site.js';

const TWICE =
  'If the test runner bundles holdup, so that it is loaded twice, name it as external (Vitest: server.deps.external).';

/** Hands every call to those who collect. One for the process, like the observer it listens to. */
class TestWitness implements Output {
  readonly #collections = new Set<Collection>();
  #observer: Observer | null = null;

  start(options: HoldupOptions): void {
    const observer = observeProcess({ collector: false, accounting: 'off', ...options });
    if (observer === null) throw new TypeError("startHoldup needs a mode that watches: 'report' or 'throw'");
    if (observer === this.#observer) return;
    const { armed, operations, text } = observer.guard.selfTest();
    // Jest gives ES modules copies of Node's functions, which only a part of the self-test uses.
    const isPartial = inJest() && operations > 0;
    // A test that sees nothing would pass.
    if (!armed && !isPartial) throw new Error(`holdup/testing cannot see sync-only operations: ${text}. ${TWICE}`);
    this.#observer = observer;
    witnessEverySite();
    observeExpress();
    observer.addOutput(this);
  }

  get isStarted(): boolean {
    return this.#observer !== null && this.#observer === runningObserver();
  }

  collect(allow: readonly AllowEntry[]): Collection {
    if (!this.isStarted) this.start({});
    const collection = new Collection(allow, (stopped) => this.#collections.delete(stopped));
    this.#collections.add(collection);
    return collection;
  }

  async stop(): Promise<void> {
    this.#collections.clear();
    this.#observer = null;
    await stopObserving();
  }

  operationCalled(call: OperationCall): void {
    if (this.#collections.size === 0 || call.allowed !== '' || !countsInTests(call)) return;
    for (const collection of this.#collections) collection.record(call);
  }

  runFinished(): void {}

  drained(): void {}
}

/** Each test file has its own copy of this module there, but all of them the same `fs`. */
export function inJest(): boolean {
  return process.env.JEST_WORKER_ID !== undefined;
}

export const testWitness = new TestWitness();
