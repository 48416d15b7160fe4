import type { Report } from '../../protocol/index.js';
import type { OperationCall } from '../guard/operation-call.js';
import type { ViewRun } from '../view-run.js';

/** Another way out for what is counted, inside the app's own process. Must not throw. */
export interface Output {
  runFinished(run: ViewRun, durationMs: number): void;
  operationCalled(call: OperationCall): void;
  /** False while it does nothing with each call, so that calls alike can be counted in a cheaper way. */
  readonly wantsCalls?: boolean;
  /** Once a second, with the increments. */
  drained(report: Omit<Report, 'instance' | 'sequence'>): void;
  /** The trace that the code now running belongs to; empty when there is none or the output knows of none. */
  traceId?(): string;
}

/** Every output there is; none is the usual case. */
export class Outputs implements Output {
  readonly #outputs: Output[] = [];

  add(output: Output): void {
    this.#outputs.push(output);
  }

  runFinished(run: ViewRun, durationMs: number): void {
    for (const output of this.#outputs) output.runFinished(run, durationMs);
  }

  get wantsCalls(): boolean {
    for (const output of this.#outputs) if (output.wantsCalls !== false) return true;
    return false;
  }

  operationCalled(call: OperationCall): void {
    for (const output of this.#outputs) output.operationCalled(call);
  }

  drained(report: Omit<Report, 'instance' | 'sequence'>): void {
    for (const output of this.#outputs) output.drained(report);
  }

  traceId(): string {
    for (const output of this.#outputs) {
      const id = output.traceId?.();
      if (id !== undefined && id !== '') return id;
    }
    return '';
  }
}
