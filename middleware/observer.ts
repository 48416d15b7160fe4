import type { Instance } from '../protocol/index.js';
import { now } from './clock.js';
import { destinationOf } from './destination.js';
import { type Guard, installGuard } from './guard/index.js';
import type { CallTally, OperationCall } from './guard/operation-call.js';
import { operationRunning, showViewOnLoop } from './guard/wrap.js';
import { describeInstance } from './instance.js';
import { Accounting } from './loop/accounting.js';
import { type AsyncSpans, ExactSpans, NO_ASYNC_SPANS } from './loop/async-spans.js';
import { Blocks } from './loop/blocks.js';
import { GarbageCollection } from './loop/gc.js';
import { Heartbeat } from './loop/heartbeat.js';
import { WindowedSpans } from './loop/windowed-spans.js';
import { type Settings, variableOf } from './options.js';
import { OpenTelemetryOutput } from './outputs/opentelemetry.js';
import { type Output, Outputs } from './outputs/output.js';
import { PrometheusOutput } from './outputs/prometheus.js';
import { Recorder } from './recorder.js';
import { ServedRequests } from './served-requests.js';
import { currentRun, ViewRun } from './view-run.js';
import type { ViewTotals } from './view-totals.js';
import { CURRENT_RUN_SYMBOL, type FromWatchdog } from './watchdog/messages.js';
import { SharedState } from './watchdog/shared.js';
import { startWatchdog, type Watchdog } from './watchdog/watchdog.js';

const DRAIN_PERIOD_MS = 1000;
/** Incidents that held nobody up may wait this long for company; those that did are sent at once. */
const INCIDENT_DELAY_MS = 50;

/** Options that the parts are built with. */
const FIXED_AT_START = ['service', 'collector', 'token', 'blockThresholdMs', 'accounting', 'redact'] as const;

/** Everything that watches one thread's event loop. Reads as the list of its parts. */
export class Observer {
  readonly instance: Instance;
  readonly recorder: Recorder;
  readonly accounting: Accounting;
  readonly requests: ServedRequests;
  readonly guard: Guard;
  readonly #settings: Settings;
  readonly #shared = new SharedState();
  readonly #watchdog: Watchdog;
  readonly #gc = new GarbageCollection();
  readonly #heartbeat: Heartbeat;
  readonly #blocks: Blocks;
  readonly #asyncSpans: AsyncSpans;
  readonly #outputs = new Outputs();
  readonly #drainTimer: NodeJS.Timeout;
  readonly #onMessage: (message: FromWatchdog) => void;
  #incidentTimer: NodeJS.Timeout | null = null;
  #lastRunId = 0;
  #utilization = performance.eventLoopUtilization();
  #ownBusyMs = 0;
  #dashboardUrl: string | null = null;

  constructor(settings: Settings, onMessage: (message: FromWatchdog) => void) {
    this.instance = describeInstance(settings.service);
    this.#onMessage = onMessage;
    this.#settings = settings;
    this.#watchdog = startWatchdog(
      {
        buffer: this.#shared.buffer,
        instance: this.instance,
        blockThresholdMs: settings.blockThresholdMs,
        destination: destinationOf(settings),
        token: settings.token,
        redact: settings.redact,
        codeFrames: !settings.production,
        captureStacks: true,
      },
      (message) => this.#hear(message),
      {
        isPast: (sharedMs) => this.#blocks.isPast(this.#heartbeat.fromSharedMs(sharedMs)),
        sampled: () => this.#sampled(),
      },
    );
    this.recorder = new Recorder(
      {
        viewNamed: ({ id, view }) => this.#watchdog.post({ type: 'view', id, view }),
        operationEnded: (call, held) => this.#blocks.operationEnded(call, held),
        operationRepeated: (call, durationMs) => {
          if (this.#outputs.wantsCalls) return false;
          this.#blocks.operationRepeated(call, durationMs);
          return true;
        },
        incidentSeen: (held) => this.#incidentSeen(held),
        traceId: () => this.#outputs.traceId(),
      },
      settings.blockThresholdMs,
    );
    this.requests = new ServedRequests(this.recorder.runs, (run) => this.finishRun(run));
    this.#blocks = new Blocks({
      recorder: this.recorder,
      gc: this.#gc,
      listener: { blockEnded: (block) => this.#watchdog.post({ type: 'block', block }) },
      thresholdMs: settings.blockThresholdMs,
      toSharedMs: (nowMs) => this.#heartbeat.toSharedMs(nowMs),
    });
    this.accounting = new Accounting(this.#shared, this.#blocks, settings.blockThresholdMs);
    this.#asyncSpans = asyncSpansOf(settings, this.accounting);
    this.#heartbeat = new Heartbeat(this.#shared, {
      loopTurned: (nowMs, idleMs) => this.#loopTurned(nowMs, idleMs),
    });
    this.#outputs.add(new OpenTelemetryOutput());
    if (settings.prometheus !== null) this.#outputs.add(new PrometheusOutput(settings.prometheus));
    this.guard = installGuard(
      {
        mode: settings.mode,
        modes: settings.modes,
        allow: settings.allow,
        allowAsyncUnsafe: settings.allowAsyncUnsafe,
        production: settings.production,
      },
      {
        recordOperation: (call) => this.#recordOperation(call),
        recordDropped: (what, count) => this.recorder.recordDropped(what, count),
      },
    );
    showViewOnLoop(this.#shared.currentViewCell);
    exposeCurrentRun();
    this.#drainTimer = setInterval(() => this.#drain(), DRAIN_PERIOD_MS);
    this.#drainTimer.unref();
  }

  /** Options that came after the start (`holdup/register` starts first): what can still change, changes. */
  adopt(settings: Settings): void {
    const late = FIXED_AT_START.filter((name) => String(settings[name]) !== String(this.#settings[name]));
    if (late.length > 0) {
      const variables = late.map(variableOf).join(', ');
      this.#onMessage({
        type: 'warning',
        text: `Holdup was running before these options came, so they change nothing: ${late.join(', ')}. Set ${variables} instead.`,
      });
    }
    this.guard.setPolicy(settings);
    if (settings.prometheus !== null) this.#outputs.add(new PrometheusOutput(settings.prometheus));
  }

  /** Another way out, from now on. */
  addOutput(output: Output): void {
    this.#outputs.add(output);
  }

  /** Where the dashboard is, once it is known. */
  get dashboardUrl(): string | null {
    return this.#dashboardUrl;
  }

  /** A request has reached the first middleware, or `withView` begins (then there is no response). */
  startRun(view: ViewTotals, response: object | null = null): ViewRun {
    const run = new ViewRun(++this.#lastRunId, view, response, now());
    this.recorder.recordStart(run);
    return run;
  }

  /** The router has found the run's route. */
  routeFound(run: ViewRun, view: ViewTotals): void {
    this.recorder.recordRoute(run, view);
    this.accounting.viewFound(run);
  }

  /** The response is done, or never will be. */
  finishRun(run: ViewRun): void {
    if (run.isFinished) return;
    const nowMs = now();
    this.recorder.recordFinish(run, nowMs);
    this.#outputs.runFinished(run, nowMs - run.startedAtMs);
  }

  /** Sends what is left and ends every part. Functions stay wrapped where they cannot be unwrapped, and do nothing. */
  async stop(): Promise<void> {
    clearInterval(this.#drainTimer);
    this.guard.stop();
    this.requests.stop();
    this.#heartbeat.stop();
    this.#asyncSpans.stop();
    this.#gc.stop();
    this.recorder.settle();
    this.#sendIncidents();
    this.#drain();
    await this.#watchdog.stop();
  }

  #loopTurned(nowMs: number, idleMs: number): void {
    this.accounting.abandon();
    if (this.#shared.armed) this.#asyncSpans.arm(nowMs);
    this.#asyncSpans.loopTurned(nowMs);
    this.#blocks.loopTurned(nowMs, idleMs);
    this.requests.loopTurned(nowMs);
  }

  /** The watchdog has a stack taken, on top of code that holds the loop: that is known to be the present run's. */
  #sampled(): void {
    const run = currentRun.getStore();
    const heldSinceMs = this.#blocks.sampled(run, performance.now(), this.#heartbeat.idleMs);
    this.#asyncSpans.stalled(run, heldSinceMs);
  }

  #recordOperation(call: OperationCall): CallTally | null {
    const tally = this.recorder.recordOperation(call);
    this.#outputs.operationCalled(call);
    return tally;
  }

  #incidentSeen(held: boolean): void {
    if (held) this.#sendIncidents();
    else if (this.#incidentTimer === null) {
      this.#incidentTimer = setTimeout(() => this.#sendIncidents(), INCIDENT_DELAY_MS);
      this.#incidentTimer.unref();
    }
  }

  #sendIncidents(): void {
    if (this.#incidentTimer !== null) clearTimeout(this.#incidentTimer);
    this.#incidentTimer = null;
    const incidents = this.recorder.takeIncidents();
    if (incidents.length > 0) this.#watchdog.post({ type: 'incidents', incidents });
  }

  #drain(): void {
    const startedMs = performance.now();
    const utilization = performance.eventLoopUtilization();
    const elapsed = performance.eventLoopUtilization(utilization, this.#utilization);
    this.#utilization = utilization;
    const memory = process.memoryUsage();
    const report = this.recorder.drain(
      {
        delay: this.#heartbeat.takeDelay(),
        utilization: elapsed.utilization,
        activeSeconds: elapsed.active / 1000,
        idleSeconds: elapsed.idle / 1000,
        ...this.#blocks.drain(),
        blocked: null,
      },
      {
        gc: this.#gc.drain(),
        memory: { rssBytes: memory.rss, heapUsedBytes: memory.heapUsed },
        observer: { busySeconds: this.#ownBusyMs / 1000, samplingRatio: this.#asyncSpans.takeSamplingRatio() },
      },
    );
    this.#watchdog.post({ type: 'drained', report });
    this.#sendIncidents();
    this.#outputs.drained(report);
    this.#ownBusyMs = performance.now() - startedMs;
  }

  #hear(message: FromWatchdog): void {
    if (message.type === 'collector') this.#dashboardUrl = message.url;
    this.#onMessage(message);
  }
}

/** Lets the stack sampler ask, on top of whatever blocks, whose code is running and in which wrapped call. */
function exposeCurrentRun(): void {
  Object.defineProperty(globalThis, Symbol.for(CURRENT_RUN_SYMBOL), {
    configurable: true,
    value: () => {
      const run = currentRun.getStore();
      return run === undefined ? '0:0' : `${run.id}:${run.view.id}:${operationRunning()?.name ?? ''}`;
    },
  });
}

function asyncSpansOf(settings: Settings, accounting: Accounting): AsyncSpans {
  switch (settings.accounting) {
    case 'exact':
      return new ExactSpans(accounting);
    case 'windowed':
      return new WindowedSpans(accounting);
    case 'off':
      return NO_ASYNC_SPANS;
  }
}
