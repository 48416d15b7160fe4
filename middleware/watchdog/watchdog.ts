import { url as inspectorUrl } from 'node:inspector';
import { isMainThread, Worker } from 'node:worker_threads';
import type { DroppedCount } from '../../protocol/index.js';
import { WATCHDOG_FILE } from '../own-files.js';
import type {
  Drained,
  FromWatchdog,
  IncidentsSeen,
  RawFrame,
  ToWatchdog,
  ViewNamed,
  WatchdogStart,
} from './messages.js';
import { SharedState } from './shared.js';
import { installStackSampler, NO_WITNESS, type StallWitness } from './stack-sampler.js';

export interface Watchdog {
  /** Hands a message over. Never throws; what cannot be handed over is counted in the next report that can. */
  post(message: ToWatchdog): void;
  /** Sends what is left (for at most a second), says goodbye to the collector and ends the thread. */
  stop(): Promise<void>;
}

/** Stands in where nothing is to be watched or no thread can be had. */
class NoWatchdog implements Watchdog {
  post(): void {}
  stop(): Promise<void> {
    return Promise.resolve();
  }
}

/** Waits before restart 1, 2 and 3 of a thread that died; after that there is none any more. */
const RESTART_AFTER_MS = [1000, 5000, 30_000] as const;
/** A thread that lived this long is given all its restarts again. */
const STEADY_AFTER_MS = 10 * 60_000;
/** More messages than this not taken yet, and new ones are counted instead of posted. */
const MAX_BACKLOG = 300;
const STOP_TIMEOUT_MS = 2000;
/** An answer takes a millisecond or two; a watchdog that cannot give one may not hold up the exit. */
const EXIT_WAIT_MS = 100;
/** What a group's first message carried, kept for a thread that has to start anew. As many as there are groups. */
const MAX_STACKS = 1000;

/**
 * Starts the thread that watches this one.
 *
 * @param listener is told on this thread where the dashboard is, and of what a person should know.
 * @param witness is asked and told, on this thread, in the middle of a stall.
 * @returns a null object when this Node refuses worker threads (`--permission`). With the destination `none` the thread
 * still says whose code blocks, for the outputs on this thread; it sends nothing.
 */
export function startWatchdog(
  start: WatchdogStart,
  listener: (message: FromWatchdog) => void,
  witness: StallWitness = NO_WITNESS,
): Watchdog {
  try {
    // An inspector session reaches the process's main thread only: a watched worker thread goes without stacks.
    return new ThreadWatchdog({ ...start, captureStacks: start.captureStacks && isMainThread }, listener, witness);
  } catch (error) {
    listener({ type: 'warning', text: `no watchdog thread, so nothing is reported: ${messageOf(error)}` });
    return new NoWatchdog();
  }
}

class ThreadWatchdog implements Watchdog {
  readonly #start: WatchdogStart;
  readonly #listener: (message: FromWatchdog) => void;
  readonly #shared: SharedState;
  readonly #views: ViewNamed[] = [];
  readonly #stacks = new Map<number, readonly RawFrame[]>();
  readonly #dropped = new Map<string, number>();
  #worker: Worker | null = null;
  #startedAtMs = 0;
  #restarts = 0;
  #restarted = false;
  #posted = 0;
  #stopping: (() => void) | null = null;
  readonly #closeSession = (): void => this.#shared.waitForSession(EXIT_WAIT_MS);

  constructor(start: WatchdogStart, listener: (message: FromWatchdog) => void, witness: StallWitness) {
    this.#start = start;
    this.#listener = listener;
    this.#shared = new SharedState(start.buffer);
    if (start.captureStacks) {
      installStackSampler(this.#shared, witness);
      // A process that exits in the middle of a stall may have been asked for its stack just now. On Node 24 an exit
      // with a session open prints “Waiting for the debugger to disconnect…”.
      process.once('exit', this.#closeSession);
    }
    this.#shared.debuggerOpen = inspectorUrl() !== undefined;
    this.#spawn();
  }

  post(message: ToWatchdog): void {
    try {
      this.#post(message);
    } catch (error) {
      this.#count('messages', 1);
      this.#listener({ type: 'warning', text: `a message was not sent: ${messageOf(error)}` });
    }
  }

  stop(): Promise<void> {
    const worker = this.#worker;
    if (worker === null || this.#stopping !== null) return Promise.resolve();
    return new Promise((resolve) => {
      // Whoever awaits a stop wants it to happen: until it has, the thread counts.
      worker.ref();
      const timer = setTimeout(() => void worker.terminate(), STOP_TIMEOUT_MS);
      this.#stopping = () => {
        clearTimeout(timer);
        this.#worker = null;
        process.off('exit', this.#closeSession);
        resolve();
      };
      worker.postMessage({ type: 'stop' } satisfies ToWatchdog);
    });
  }

  #post(message: ToWatchdog): void {
    if (message.type === 'view') this.#views.push(message);
    const worker = this.#worker;
    if (worker === null || this.#posted - this.#shared.messagesTaken > MAX_BACKLOG) {
      this.#countLost(message);
      return;
    }
    this.#posted++;
    switch (message.type) {
      case 'drained':
        this.#shared.debuggerOpen = inspectorUrl() !== undefined;
        worker.postMessage(this.#withDropped(message));
        break;
      case 'incidents':
        worker.postMessage(this.#withStacks(message));
        break;
      default:
        worker.postMessage(message);
    }
  }

  #spawn(): void {
    const worker = new Worker(WATCHDOG_FILE, {
      name: 'holdup watchdog',
      workerData: this.#start,
      // The host's own flags and preloads are not for this thread; nor is holdup/register itself.
      execArgv: [],
      env: { ...process.env, NODE_OPTIONS: '' },
      argv: [],
      trackUnmanagedFds: false,
      resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 96 },
    });
    worker.on('message', (message: FromWatchdog) => this.#hear(message));
    worker.on('error', (error) => this.#count('watchdog deaths', 1, error));
    worker.on('exit', () => this.#exited());
    // After the listeners: one for messages makes the thread count again.
    worker.unref();
    this.#startedAtMs = performance.now();
    this.#posted = 0;
    this.#shared.resetMessages();
    this.#worker = worker;
    for (const view of this.#views) {
      this.#posted++;
      worker.postMessage(view);
    }
  }

  #hear(message: FromWatchdog): void {
    try {
      this.#listener(message);
    } catch {
      // The listener is Holdup's own, but nothing of ours may surface in the host's loop.
    }
  }

  #exited(): void {
    this.#worker = null;
    this.#shared.armed = false;
    if (this.#stopping !== null) {
      this.#stopping();
      return;
    }
    if (performance.now() - this.#startedAtMs > STEADY_AFTER_MS) this.#restarts = 0;
    const waitMs = RESTART_AFTER_MS[this.#restarts++];
    if (waitMs === undefined) {
      this.#hear({ type: 'warning', text: 'the watchdog thread died too often; this process reports no more' });
      return;
    }
    this.#restarted = true;
    const timer = setTimeout(() => {
      try {
        if (this.#stopping === null) this.#spawn();
      } catch (error) {
        this.#hear({ type: 'warning', text: `the watchdog thread could not be started again: ${messageOf(error)}` });
      }
    }, waitMs);
    timer.unref();
  }

  #withDropped(message: Drained): Drained {
    if (this.#dropped.size === 0) return message;
    const dropped: DroppedCount[] = [...message.report.dropped];
    for (const [what, count] of this.#dropped) dropped.push({ what, count });
    this.#dropped.clear();
    return { ...message, report: { ...message.report, dropped } };
  }

  /** A group's stack is sent once; a thread that was started anew needs it again. */
  #withStacks(message: IncidentsSeen): IncidentsSeen {
    for (const { groupId, stack } of message.incidents) {
      if (stack !== null && this.#stacks.size < MAX_STACKS) this.#stacks.set(groupId, stack);
    }
    if (!this.#restarted) return message;
    const incidents = message.incidents.map((each) =>
      each.stack === null ? { ...each, stack: this.#stacks.get(each.groupId) ?? null } : each,
    );
    return { ...message, incidents };
  }

  #countLost(message: ToWatchdog): void {
    if (message.type === 'drained') this.#count('reports', 1);
    else if (message.type === 'incidents') {
      this.#count('incidents', message.incidents.length);
      for (const { groupId, stack } of message.incidents) {
        // It will not be sent again by itself, so the next message of this group must carry it.
        if (stack !== null && this.#stacks.size < MAX_STACKS) this.#stacks.set(groupId, stack);
      }
      this.#restarted = true;
    } else if (message.type === 'block') this.#count('incidents', 1);
  }

  #count(what: string, count: number, error?: unknown): void {
    this.#dropped.set(what, (this.#dropped.get(what) ?? 0) + count);
    if (error !== undefined) this.#hear({ type: 'warning', text: `the watchdog thread died: ${messageOf(error)}` });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
