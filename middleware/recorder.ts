import {
  LIMITS,
  type LoopReport,
  OTHER_ROUTE,
  type Report,
  UNMATCHED_ROUTE,
  type View,
  type ViewReport,
} from '../protocol/index.js';
import { type Delay, NO_DELAY } from './delay.js';
import { FinishedRuns } from './finished-runs.js';
import type { CallKind, CallTally, OperationCall, OperationSink } from './guard/operation-call.js';
import { IncidentGroup } from './incident-group.js';
import { RunsInFlight } from './runs-in-flight.js';
import { type EarlyCall, NO_CALLS, type ViewRun } from './view-run.js';
import { ViewTotals } from './view-totals.js';
import type { RawIncident } from './watchdog/messages.js';

/** Milliseconds to add to `performance.now()` for epoch milliseconds; follows the system's clock once a report. */
let epochOffsetMs = Date.now() - performance.now();

/** How many calls a run may make before its route is found without their being filed as `(unmatched)`. */
const EARLY_CALLS = 32;

/** `performance.now()` milliseconds as epoch milliseconds. */
export function toEpochMs(nowMs: number): number {
  return nowMs + epochOffsetMs;
}

/** What the recorder tells the rest: a view has a number now, and an incident should be sent soon. */
export interface RecorderListener {
  viewNamed(totals: ViewTotals): void;
  /** A sync-only operation has ended. `held`: it lasted at least the threshold. */
  operationEnded(call: OperationCall, held: boolean): void;
  /** Another call like `call` has ended, shorter than the threshold. False when it must be recorded in full. */
  operationRepeated(call: CallKind, durationMs: number): boolean;
  /** `held`: it held the loop for at least the threshold, so a person is waiting to see it. */
  incidentSeen(held: boolean): void;
  /** The OpenTelemetry trace of the code now running; empty when there is none. */
  traceId(): string;
}

/**
 * Counts what happens on the main thread, within bounds, until it is drained. Nothing here awaits, throws or calls out;
 * what does not fit is counted by `recordDropped`.
 */
export class Recorder implements OperationSink {
  readonly runs = new RunsInFlight();
  readonly #listener: RecorderListener;
  readonly #blockThresholdMs: number;
  readonly #views = new Map<string, ViewTotals>();
  /** One for each method that Node's parser knows. */
  readonly #unmatched = new Map<string, ViewTotals>();
  #lastUnmatched: ViewTotals | null = null;
  readonly #finished = new FinishedRuns();
  readonly #changedGroups: IncidentGroup[] = [];
  readonly #dropped = new Map<string, number>();
  readonly #unsettled = new Set<EarlyCall>();
  #starting = true;
  #lastViewId = 0;
  #groups = 0;
  #drainedAtMs = Date.now();

  constructor(listener: RecorderListener, blockThresholdMs: number) {
    this.#listener = listener;
    this.#blockThresholdMs = blockThresholdMs;
  }

  /** The totals of a view; those of `(other)` once the instance has as many views as it may. */
  view(method: string, route: string, handler = '', kind: View['kind'] = 'sync'): ViewTotals {
    const key = `${method} ${route}`;
    const known = this.#views.get(key);
    if (known !== undefined) return known;
    if (this.#views.size >= LIMITS.views && route !== OTHER_ROUTE) {
      this.recordDropped('views', 1);
      return this.view('', OTHER_ROUTE);
    }
    const totals = new ViewTotals(++this.#lastViewId, { method, route, handler, kind });
    this.#views.set(key, totals);
    this.#listener.viewNamed(totals);
    return totals;
  }

  /** Where a request counts until the router has found its route; looked up by the method alone, for every request. */
  unmatchedView(method: string): ViewTotals {
    // Nearly always the same method again.
    if (this.#lastUnmatched?.view.method === method) return this.#lastUnmatched;
    let view = this.#unmatched.get(method);
    if (view === undefined) this.#unmatched.set(method, (view = this.view(method, UNMATCHED_ROUTE)));
    this.#lastUnmatched = view;
    return view;
  }

  /** True until the first view run has begun. */
  get isStarting(): boolean {
    return this.#starting;
  }

  recordStart(run: ViewRun): void {
    this.#starting = false;
    this.runs.add(run);
    // Not `enter`: every request begins unmatched, and a peak of requests that found their route says nothing.
    run.view.active++;
  }

  /** The router has found the run's route. */
  recordRoute(run: ViewRun, view: ViewTotals): void {
    run.view.leave();
    run.view = view;
    view.enter();
    this.#fileEarlyCalls(run);
  }

  recordFinish(run: ViewRun, nowMs: number): void {
    const { view } = run;
    if (view.activePeak < view.active) view.activePeak = view.active;
    view.leave();
    this.runs.remove(run);
    run.isFinished = true;
    run.connection?.delete(run);
    // A connection that is kept alive keeps the context of its last request, and must not keep all the rest.
    run.response = run.connection = null;
    this.#finished.add(view, nowMs - run.startedAtMs, run.busyMs, run.waitMs);
    this.#fileEarlyCalls(run);
  }

  recordOperation(call: OperationCall): CallTally | null {
    const { run, durationMs } = call;
    const held = durationMs >= this.#blockThresholdMs;
    this.#listener.operationEnded(call, held);
    const delay = held ? this.runs.delay(run, call.startedAtMs, durationMs) : NO_DELAY;
    // A middleware's call belongs to the view that the router is about to find.
    if (run.view.view.route === UNMATCHED_ROUTE && run.earlyCalls.length < EARLY_CALLS) {
      if (run.earlyCalls.length === 0) run.earlyCalls = [];
      run.earlyCalls.push({ call, delay });
      return null;
    }
    this.#fileCallInTime(call, delay);
    // Calls of middleware are asked for their run's route each time.
    return run.view.view.route === UNMATCHED_ROUTE ? null : this.#tallyOf(call);
  }

  #tallyOf(call: OperationCall): CallTally | null {
    const { operation, run, site } = call;
    const { view } = run;
    const group = view.groups.get(operation)?.get(site);
    if (group === undefined) return null;
    // Not the call: it would keep its run.
    const kind: CallKind = { operation, site };
    return {
      count: (startedAtMs, durationMs) => {
        if (durationMs >= this.#blockThresholdMs || group.isNew) return false;
        if (!this.#listener.operationRepeated(kind, durationMs)) return false;
        view.recordOperation(operation.name, durationMs);
        if (!group.changed) this.#changedGroups.push(group);
        group.record(toEpochMs(startedAtMs), durationMs, false, false);
        return true;
      },
    };
  }

  recordDropped(what: string, count: number): void {
    this.#dropped.set(what, (this.#dropped.get(what) ?? 0) + count);
  }

  /** Files what still waits to be. For a process that ends. */
  settle(): void {
    for (const each of this.#unsettled) this.#settle(each);
  }

  /** The incident groups that changed since the last call. */
  takeIncidents(): RawIncident[] {
    return this.#changedGroups.splice(0).map((group) => group.take());
  }

  /** Everything else since the last call, as a report of this process. */
  drain(loop: LoopReport, rest: Pick<Report, 'gc' | 'memory' | 'observer'>): Omit<Report, 'instance' | 'sequence'> {
    epochOffsetMs = Date.now() - performance.now();
    this.#finished.count();
    const views: ViewReport[] = [];
    for (const totals of this.#views.values()) {
      if (totals.active > totals.activePeak && totals.view.route === UNMATCHED_ROUTE) totals.activePeak = totals.active;
      const report = totals.drain();
      if (report !== null) views.push(report);
    }
    const dropped = [...this.#dropped].map(([what, count]) => ({ what, count }));
    this.#dropped.clear();
    const startMs = this.#drainedAtMs;
    this.#drainedAtMs = Math.max(startMs, Date.now());
    return { startMs, endMs: this.#drainedAtMs, views, loop, ...rest, dropped };
  }

  #fileEarlyCalls(run: ViewRun): void {
    if (run.earlyCalls.length === 0) return;
    const early = run.earlyCalls;
    run.earlyCalls = NO_CALLS;
    for (const { call, delay } of early) this.#fileCallInTime(call, delay);
  }

  /** Who waited for a call that held the loop is known when the loop has turned: see `RunsInFlight`. */
  #fileCallInTime(call: OperationCall, delay: Delay): void {
    if (delay === NO_DELAY) {
      this.#fileCall(call, delay);
      return;
    }
    const unsettled = { call, delay };
    this.#unsettled.add(unsettled);
    delay.onSettled(() => this.#settle(unsettled));
  }

  #settle(early: EarlyCall): void {
    if (this.#unsettled.delete(early)) this.#fileCall(early.call, early.delay);
  }

  #fileCall(call: OperationCall, delay: Delay): void {
    const { operation, durationMs } = call;
    const { view } = call.run;
    if (!call.cold) view.recordOperation(operation.name, durationMs);
    const group = this.#operationGroup(call);
    if (group === null) return;
    const at = toEpochMs(call.startedAtMs);
    if (!group.changed) this.#changedGroups.push(group);
    group.record(at, durationMs, call.cold, call.thrown);
    if (durationMs >= this.#blockThresholdMs) {
      view.recordBlock('code', durationMs);
      if (!group.recordDelay(delay, { at, durationMs }, this.#listener.traceId())) this.recordDropped('samples', 1);
      this.#listener.incidentSeen(true);
    } else if (group.isNew) {
      group.addSample({ at, durationMs, delayed: [], traceId: this.#listener.traceId() });
      this.#listener.incidentSeen(false);
    }
  }

  #operationGroup({ operation, site, run, allowed }: OperationCall): IncidentGroup | null {
    const { groups, view } = run.view;
    let bySite = groups.get(operation);
    if (bySite === undefined) groups.set(operation, (bySite = new Map()));
    const known = bySite.get(site);
    if (known !== undefined) return known;
    if (this.#groups >= LIMITS.incidentGroups) {
      this.recordDropped('incidents', 1);
      return null;
    }
    const group = new IncidentGroup(++this.#groups, {
      kind: 'sync-only',
      operation: operation.name,
      category: operation.category,
      cause: 'code',
      view,
      stack: site.frames,
      alternative: operation.alternative,
      allowed,
    });
    bySite.set(site, group);
    return group;
  }
}
