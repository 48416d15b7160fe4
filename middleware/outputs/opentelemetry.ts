import { createRequire } from 'node:module';
import { join } from 'node:path';
import { METRICS, SYNC_ONLY_EVENT } from '../../protocol/index.js';
import type { OperationCall } from '../guard/operation-call.js';
import type { ViewRun } from '../view-run.js';
import type { Output } from './output.js';

/** What an SDK leaves behind when it is registered; only then is there anybody to tell. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');

interface Span {
  spanContext(): { readonly traceId: string };
  setAttribute(name: string, value: number): unknown;
  addEvent(name: string, attributes: Record<string, string | number>): unknown;
}

interface Instrument {
  record(value: number, attributes: Record<string, string>): void;
  add(value: number, attributes: Record<string, string>): void;
}

/** The part of `@opentelemetry/api` that Holdup needs; the app's own copy is used. */
interface Api {
  readonly trace: { getActiveSpan(): Span | undefined };
  readonly metrics: {
    getMeter(name: string): {
      createHistogram(name: string, options: object): Instrument;
      createCounter(name: string, options: object): Instrument;
    };
  };
}

/**
 * Tells the app's OpenTelemetry SDK, whichever it is, once there is one. An app may register its SDK after Holdup has
 * started, so until it has, each drain looks again (one property read).
 */
export class OpenTelemetryOutput implements Output {
  #told: Instruments | null = null;
  #gaveUp = false;

  runFinished(run: ViewRun): void {
    this.#told?.runFinished(run);
  }

  get wantsCalls(): boolean {
    return this.#told !== null;
  }

  operationCalled(call: OperationCall): void {
    this.#told?.operationCalled(call);
  }

  traceId(): string {
    return this.#told?.traceId() ?? '';
  }

  drained(): void {
    if (this.#told !== null || this.#gaveUp || !(REGISTERED in globalThis)) return;
    const api = loadApi();
    if (api === null) this.#gaveUp = true;
    else this.#told = new Instruments(api);
  }
}

class Instruments {
  readonly #api: Api;
  readonly #busy: Instrument;
  readonly #wait: Instrument;
  readonly #operations: Instrument;
  readonly #operationDuration: Instrument;

  constructor(api: Api) {
    this.#api = api;
    const meter = api.metrics.getMeter('holdup');
    this.#busy = meter.createHistogram(METRICS.requestBusy.name, { unit: METRICS.requestBusy.unit });
    this.#wait = meter.createHistogram(METRICS.requestWait.name, { unit: METRICS.requestWait.unit });
    this.#operations = meter.createCounter('holdup.sync_only_operations', { unit: '{operation}' });
    this.#operationDuration = meter.createHistogram(METRICS.operationDuration.name, {
      unit: METRICS.operationDuration.unit,
    });
  }

  runFinished(run: ViewRun): void {
    const { method, route, handler } = run.view.view;
    const attributes = { 'http.request.method': method, 'http.route': route, 'code.function.name': handler };
    this.#busy.record(run.busyMs / 1000, attributes);
    this.#wait.record(run.waitMs / 1000, attributes);
    this.#api.trace.getActiveSpan()?.setAttribute(METRICS.requestBusy.name, run.busyMs / 1000);
  }

  traceId(): string {
    return this.#api.trace.getActiveSpan()?.spanContext().traceId ?? '';
  }

  operationCalled(call: OperationCall): void {
    const { method, route } = call.run.view.view;
    const attributes = { 'http.request.method': method, 'http.route': route, 'holdup.operation': call.operation.name };
    this.#operations.add(1, attributes);
    this.#operationDuration.record(call.durationMs / 1000, attributes);
    const top = call.site.frames[0];
    this.#api.trace.getActiveSpan()?.addEvent(SYNC_ONLY_EVENT, {
      'holdup.operation': call.operation.name,
      'holdup.duration_ms': call.durationMs,
      'code.function.name': top?.function ?? '',
      'code.file.path': top?.file ?? '',
      'code.line.number': top?.line ?? 0,
    });
  }
}

/** The app's copy, else the one beside Holdup, else null. */
function loadApi(): Api | null {
  for (const from of [join(process.cwd(), 'index.js'), import.meta.url]) {
    try {
      return createRequire(from)('@opentelemetry/api') as Api;
    } catch {
      // Not installed there: an optional peer's absence is no error.
    }
  }
  return null;
}
