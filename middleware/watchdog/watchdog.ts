import { url as inspectorUrl } from 'node:inspector';
import { isMainThread, Worker } from 'node:worker_threads';
import { BACKGROUND_ROUTE, START_UP_ROUTE } from '../../protocol/index.js';
import { WATCHDOG_FILE } from '../own-files.js';
import { onFirstIdle } from './first-idle.js';
import type { FromWatchdog, ToWatchdog, ViewNamed, WatchdogStart } from './messages.js';
import { SharedState } from './shared.js';
import { installStackSampler, NO_WITNESS, type StallWitness } from './stack-sampler.js';
import { Undelivered } from './undelivered.js';

export interface Watchdog {
  /** Hands a message over. Never throws; what cannot be handed over is counted in the next report that can. */
  post(message: ToWatchdog): void;
  /** Sends what is left (for at most a second), says goodbye to the collector and ends the thread. */
  stop(): Promise<void>;
}

/** A program that is not idle by then, and makes itself heard, is watched all the same. */
const PATIENCE_MS = 1000;
/** Waits before restart 1, 2 and 3 of a thread that died; after that there is none any more. */
const RESTART_AFTER_MS = [1000, 5000, 30_000] as const;
/** A thread that lived this long is given all its restarts again. */
const STEADY_AFTER_MS = 10 * 60_000;
/** More messages than this not taken yet, and new ones are counted instead of posted. */
const MAX_BACKLOG = 300;
const STOP_TIMEOUT_MS = 2000;
/** Closing a session takes the watchdog 10 ms; one that does not get to it may not hold up the exit for long. */
const EXIT_WAIT_MS = 500;

/**
 * Starts the thread that watches this one.
 *
 * Not at once: a thread costs as much as loading a framework, and the program is loading now. It starts when the program
 * waits for work or has some (its first view runs, or it is at work for a second already), whichever comes first. So a
 * program that is over before that never pays for it, and one that is held up while it loads is reported afterwards.
 *
 * @param listener is told on this thread where the dashboard is, and of what a person should know: also that this Node
 * refuses worker threads (`--permission`). With the destination `none` the thread still says whose code blocks, for the
 * outputs on this thread; it sends nothing.
 * @param witness is asked and told, on this thread, in the middle of a stall.
 */
export function startWatchdog(
  start: WatchdogStart,
  listener: (message: FromWatchdog) => void,
  witness: StallWitness = NO_WITNESS,
): Watchdog {
  // An inspector session reaches the process's main thread only: a watched worker thread goes without stacks.
  return new ThreadWatchdog({ ...start, captureStacks: start.captureStacks && isMainThread }, listener, witness);
}

class ThreadWatchdog implements Watchdog {
  readonly #start: WatchdogStart;
  readonly #listener: (message: FromWatchdog) => void;
  readonly #shared: SharedState;
  readonly #views: ViewNamed[] = [];
  readonly #undelivered = new Undelivered();
  /** What came before there was a thread; null once there was one. */
  #early: ToWatchdog[] | null = [];
  readonly #stopWaiting: () => void;
  #worker: Worker | null = null;
  #startedAtMs = performance.now();
  #restarts = 0;
  #posted = 0;
  #stopping: (() => void) | null = null;
  readonly #endSessions = (): void => this.#shared.endSessions(EXIT_WAIT_MS);

  constructor(start: WatchdogStart, listener: (message: FromWatchdog) => void, witness: StallWitness) {
    this.#start = start;
    this.#listener = listener;
    this.#shared = new SharedState(start.buffer);
    if (start.captureStacks) {
      installStackSampler(this.#shared, witness);
      // A process that exits in the middle of a stall may have been asked for its stack just now. On Node 24 an exit
      // with a session open prints “Waiting for the debugger to disconnect…”.
      process.once('exit', this.#endSessions);
    }
    this.#shared.debuggerOpen = inspectorUrl() !== undefined;
    this.#stopWaiting = onFirstIdle(() => this.#begin());
  }

  post(message: ToWatchdog): void {
    try {
      this.#post(message);
    } catch (error) {
      this.#undelivered.count('messages', 1);
      this.#listener({ type: 'warning', text: `a message was not sent: ${messageOf(error)}` });
    }
  }

  stop(): Promise<void> {
    const worker = this.#worker;
    if (this.#stopping !== null) return Promise.resolve();
    if (worker === null) {
      this.#stopWaiting();
      process.off('exit', this.#endSessions);
      this.#stopping = () => {};
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      // Whoever awaits a stop wants it to happen: until it has, the thread counts.
      worker.ref();
      const timer = setTimeout(() => void worker.terminate(), STOP_TIMEOUT_MS);
      this.#stopping = () => {
        clearTimeout(timer);
        this.#worker = null;
        process.off('exit', this.#endSessions);
        resolve();
      };
      worker.postMessage({ type: 'stop' } satisfies ToWatchdog);
    });
  }

  #post(message: ToWatchdog): void {
    if (message.type === 'view') this.#views.push(message);
    if (this.#early !== null && this.#early.length < MAX_BACKLOG) {
      if (message.type !== 'view') this.#early.push(message);
      if (isWork(message) || performance.now() - this.#startedAtMs > PATIENCE_MS) this.#begin();
      return;
    }
    const worker = this.#worker;
    if (worker === null || this.#posted - this.#shared.messagesTaken > MAX_BACKLOG) {
      this.#undelivered.lost(message);
      return;
    }
    this.#posted++;
    switch (message.type) {
      case 'drained':
        this.#shared.debuggerOpen = inspectorUrl() !== undefined;
        worker.postMessage(this.#undelivered.withDropped(message));
        break;
      case 'incidents':
        worker.postMessage(this.#undelivered.withStacks(message));
        break;
      default:
        worker.postMessage(message);
    }
  }

  /** There is work to watch: the thread starts, and is told what came before it. */
  #begin(): void {
    const early = this.#early ?? [];
    this.#early = null;
    this.#stopWaiting();
    this.#spawn();
    for (const message of early) this.post(message);
  }

  #spawn(): void {
    try {
      this.#spawnThread();
    } catch (error) {
      this.#hear({ type: 'warning', text: `no watchdog thread, so nothing is reported: ${messageOf(error)}` });
    }
  }

  #spawnThread(): void {
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
    worker.on('error', (error) => this.#died(error));
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
    this.#undelivered.threadRestarted();
    const timer = setTimeout(() => {
      if (this.#stopping === null) this.#spawn();
    }, waitMs);
    timer.unref();
  }

  #died(error: unknown): void {
    this.#undelivered.count('watchdog deaths', 1);
    this.#hear({ type: 'warning', text: `the watchdog thread died: ${messageOf(error)}` });
  }
}

/** The program does what it is for, or it has been there for as long as a report covers. */
function isWork(message: ToWatchdog): boolean {
  if (message.type !== 'view') return message.type === 'drained';
  return message.view.route !== BACKGROUND_ROUTE && message.view.route !== START_UP_ROUTE;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
