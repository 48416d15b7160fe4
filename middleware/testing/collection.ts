import { type CheckedSite, viewName } from '../../protocol/index.js';
import type { OperationCall } from '../guard/operation-call.js';
import { Policy, placeOf } from '../guard/policy.js';
import type { AllowEntry } from '../options.js';
import { SyncOnlyFound } from './sync-only-found.js';
import { userSiteOf } from './user-site.js';

/** One sync-only operation that a view called. */
export interface SyncOnlyCall {
  /** `fs.readFileSync` */
  readonly operation: string;
  /** `GET /books/:id` */
  readonly view: string;
  /** The user's own function; empty for one without a name. */
  readonly function: string;
  /** An absolute path. */
  readonly file: string;
  /** Counts from 1; 0 when not known. */
  readonly line: number;
  readonly column: number;
  /** The package under node_modules that made the call; empty when the app's own code did. */
  readonly package: string;
  /** The code to write instead; empty when there is none to name. */
  readonly alternative: string;
  readonly durationMs: number;
  /** It raised SynchronousOnlyOperation instead of running. */
  readonly thrown: boolean;
}

interface Collected {
  readonly call: OperationCall;
  readonly site: CheckedSite;
}

/** Calls kept; a test that makes more has failed long since. */
const CALL_LIMIT = 10_000;

/** The sync-only operations that views of this process call between `collect()` and `stop()`. */
export class Collection {
  readonly #onStop: (collection: Collection) => void;
  readonly #collected: Collected[] = [];
  readonly #allow: AllowEntry[];
  #stopped = false;

  /** @internal */
  constructor(allow: readonly AllowEntry[], onStop: (collection: Collection) => void) {
    this.#allow = [...allow];
    this.#onStop = onStop;
  }

  /** @internal */
  record(call: OperationCall): void {
    if (!this.#stopped && this.#collected.length < CALL_LIMIT) this.#collected.push({ call, site: userSiteOf(call) });
  }

  /** What was called and is not allowed, in the order of the calls. */
  get calls(): readonly SyncOnlyCall[] {
    const policy = new Policy({ mode: 'report', allow: this.#allow, allowAsyncUnsafe: false });
    return this.#collected
      .filter(({ call }) => policy.reason(call.operation, placeOf(call.site), call.run.view.view) === '')
      .map(({ call, site }) => ({
        operation: call.operation.name,
        // Read as late as now: the router may have found the route after the call.
        view: viewName(call.run.view.view),
        function: site.function,
        ...site.location,
        package: site.package,
        alternative: call.operation.alternative,
        durationMs: call.durationMs,
        thrown: call.thrown,
      }));
  }

  /** Accepts what matches, also what has been called already. */
  allow(entry: AllowEntry): void {
    if (typeof entry?.reason !== 'string' || entry.reason.trim() === '') {
      throw new TypeError('allow({ operation?, file?, function?, package?, view?, until?, reason }) needs a reason');
    }
    this.#allow.push(entry);
  }

  /** @throws {SyncOnlyFound} when a view called a sync-only operation that is not allowed. */
  expectNoSyncOnly(): void {
    const { calls } = this;
    if (calls.length > 0) throw new SyncOnlyFound(calls);
  }

  /** Collects no more. What was collected stays. */
  stop(): void {
    this.#stopped = true;
    this.#onStop(this);
  }
}
