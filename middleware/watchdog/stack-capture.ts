import type { Runtime, Session } from 'node:inspector';
import { SAMPLE_STACK_SYMBOL, type StackSample } from './messages.js';
import { hrtimeMs, processCpuMs, type SharedState } from './shared.js';
import type { Stall } from './stall.js';

/** A sample costs the main thread half a millisecond, so a stall of a minute may have this many. */
const MAX_SAMPLES = 20;
/** Each wait is this much longer than the one before: 45, 60, 80 … milliseconds into the stall. */
const GROWTH = 1.35;

/** Always the same text: V8 keeps something of every text that it was ever asked to evaluate, 1 KB of the app's heap. */
const QUESTION: Runtime.EvaluateParameterType = {
  expression: `globalThis[Symbol.for('${SAMPLE_STACK_SYMBOL}')]?.()`,
  silent: true,
  returnByValue: true,
};

/**
 * Asks the main thread, in the middle of a stall, for its stack. An inspector session evaluates one call to the stack
 * sampler; V8 runs it as an interrupt on top of the code that blocks. No Debugger domain is enabled: nothing is
 * deoptimized, no `debugger` statement stops, and nobody is ever left paused. See docs/decisions/002.
 */
export class StackCapture {
  /** Loaded at the first stall; null where there is none to be had. */
  #inspector: typeof import('node:inspector') | null | undefined;
  readonly #shared: SharedState;
  readonly #warn: (text: string) => void;
  #session: Session | null = null;
  #stall: Stall | null = null;
  #asked = 0;
  #nextAtAgeMs = 0;

  constructor(enabled: boolean, shared: SharedState, warn: (text: string) => void) {
    this.#shared = shared;
    this.#warn = warn;
    this.#inspector = enabled ? undefined : null;
  }

  /** Takes a sample when one is due. The answer goes into `stall.samples`. */
  stalled(stall: Stall, nowMs: number): void {
    if (this.#inspector === undefined) this.#inspector = loadInspector();
    if (this.#inspector === null) return;
    if (stall !== this.#stall) this.#begin(stall);
    if (this.#shared.exiting) this.#disconnect();
    // A question that is not answered yet (native code) is not asked twice.
    if (this.#session !== null || this.#asked >= MAX_SAMPLES || stall.ageMs(nowMs) < this.#nextAtAgeMs) return;
    this.#nextAtAgeMs = stall.ageMs(nowMs) * GROWTH;
    this.#ask(stall);
  }

  stop(): void {
    this.#disconnect();
  }

  #begin(stall: Stall): void {
    this.#disconnect();
    this.#stall = stall;
    this.#asked = 0;
    this.#nextAtAgeMs = 0;
  }

  #ask(stall: Stall): void {
    try {
      if (!this.#shared.openSession()) return;
      const session = this.#connect();
      this.#asked++;
      this.#shared.askForStack(hrtimeMs(), processCpuMs());
      session.post('Runtime.evaluate', QUESTION, (_error, answer) => {
        // Nobody's exit may find a session open: Node would wait for it and say so.
        if (session === this.#session) this.#disconnect();
        const sample = toSample(answer?.result?.value);
        if (sample === null || sample.beats !== stall.beats) return;
        stall.samples.push(sample);
      });
    } catch (error) {
      this.#asked = MAX_SAMPLES;
      this.#disconnect();
      this.#warn(`no stacks can be taken: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #connect(): Session {
    const inspector = this.#inspector as typeof import('node:inspector');
    const session = new inspector.Session();
    this.#session = session;
    session.connectToMainThread();
    return session;
  }

  #disconnect(): void {
    try {
      this.#session?.disconnect();
    } catch {
      // The main thread is gone already.
    }
    this.#session = null;
    this.#shared.closeSession();
  }
}

/** Null where Node was built or started without the inspector, or cannot connect to its main thread (before 20.11). */
function loadInspector(): typeof import('node:inspector') | null {
  try {
    const inspector = process.getBuiltinModule('node:inspector');
    return typeof inspector.Session.prototype.connectToMainThread === 'function' ? inspector : null;
  } catch {
    return null;
  }
}

function toSample(value: unknown): StackSample | null {
  if (typeof value !== 'string') return null;
  try {
    return JSON.parse(value) as StackSample;
  } catch {
    return null;
  }
}
