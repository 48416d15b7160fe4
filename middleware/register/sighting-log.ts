import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { type CheckRecord, type OperationSeen, UNMATCHED_ROUTE, viewName } from '../../protocol/index.js';
import { quietly } from '../guard/index.js';
import type { OperationCall } from '../guard/operation-call.js';
import type { Output } from '../outputs/output.js';
import { countsInTests, userSiteOf } from '../testing/user-site.js';
import type { ViewRun } from '../view-run.js';

/** Different records that one process may write; a program has fewer places than that. */
const RECORD_LIMIT = 20_000;

type Sighting = Omit<OperationSeen, 'view' | 'provisional'>;

/**
 * Writes down for `holdup check` what this process's views call: each operation, view and place once, synchronously and
 * at once, so that a crash, an exit or a kill in the next moment loses nothing.
 */
export class SightingLog implements Output {
  readonly #file: string;
  readonly #written = new Set<string>();
  /** What runs called before their route was found; it waits here for the view's name. */
  readonly #early = new WeakMap<ViewRun, Map<string, Sighting>>();
  #failed = false;

  /** @param directory Where `holdup check` reads from. */
  constructor(directory: string, armed: boolean) {
    this.#file = join(directory, `${process.pid}-${threadId}.ndjson`);
    this.#write({ type: 'process', pid: process.pid, script: process.argv[1] ?? '', armed });
  }

  operationCalled(call: OperationCall): void {
    if (call.allowed !== '' || !countsInTests(call)) return;
    const { name: operation, alternative } = call.operation;
    const sighting: Sighting = { type: 'operation', operation, alternative, site: userSiteOf(call) };
    const { view } = call.run.view;
    const unnamed = view.route === UNMATCHED_ROUTE;
    this.#writeOnce({ ...sighting, view: viewName(view), provisional: unnamed });
    if (!unnamed) return;
    let early = this.#early.get(call.run);
    if (early === undefined) this.#early.set(call.run, (early = new Map()));
    early.set(JSON.stringify(sighting), sighting);
  }

  runFinished(run: ViewRun): void {
    const view = viewName(run.view.view);
    this.#writeOnce({ type: 'view', view });
    for (const sighting of this.#early.get(run)?.values() ?? []) {
      this.#writeOnce({ ...sighting, view, provisional: false });
    }
  }

  drained(): void {}

  #writeOnce(record: CheckRecord): void {
    const line = JSON.stringify(record);
    if (this.#written.has(line)) return;
    if (this.#written.size === RECORD_LIMIT) this.#write({ type: 'dropped', what: 'sightings', count: 1 });
    if (this.#written.size > RECORD_LIMIT) return;
    this.#written.add(line);
    this.#write(record);
  }

  #write(record: CheckRecord): void {
    if (this.#failed) return;
    try {
      quietly(() => appendFileSync(this.#file, `${JSON.stringify(record)}\n`));
    } catch (error) {
      this.#failed = true;
      process.stderr.write(`holdup: cannot write down what this process calls: ${(error as Error).message}\n`);
    }
  }
}
