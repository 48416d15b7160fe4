import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pinned } from './machine.mjs';

/** The end of what a process wrote to stderr, kept to say why it ended. Characters. */
const KEPT_STDERR = 2000;

/**
 * A process that answers questions over IPC, one at a time: `{ ask: 'usage' }` is answered by one message.
 * Its first message, before any question, says that it is ready.
 */
export class Child {
  #process;
  #stderr;

  constructor(child, stderr, ready, startUpMs) {
    this.#process = child;
    this.#stderr = stderr;
    /** Its first message. */
    this.ready = ready;
    /** From the spawn to its first message. */
    this.startUpMs = startUpMs;
  }

  get pid() {
    return this.#process.pid;
  }

  /** @returns {Promise<Child>} once it is ready */
  static async start(program, args, { core, env = {}, deadlineMs = 30_000 }) {
    const [command, commandArgs] = pinned(core, program, args);
    const startedAtMs = performance.now();
    const child = spawn(command, commandArgs, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const stderr = { end: '' };
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr.end = (stderr.end + text).slice(-KEPT_STDERR);
    });
    const ready = await firstMessage(child, stderr, deadlineMs);
    return new Child(child, stderr, ready, performance.now() - startedAtMs);
  }

  async ask(question, deadlineMs = 60_000) {
    const answered = firstMessage(this.#process, this.#stderr, deadlineMs);
    this.#process.send(question, () => {}); // That it cannot be sent is told by the process's end.
    return await answered;
  }

  /** Sends SIGTERM. @returns how it ended, how long that took, and the end of what it ever wrote to stderr */
  async terminate(withinMs) {
    const startedAtMs = performance.now();
    const ended = once(this.#process, 'close');
    this.#process.kill('SIGTERM');
    const late = setTimeout(() => this.#process.kill('SIGKILL'), withinMs);
    const [code, signal] = await ended;
    clearTimeout(late);
    return { code, signal, durationMs: performance.now() - startedAtMs, stderr: this.#stderr.end };
  }

  async stop() {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    if (this.#process.connected) this.#process.disconnect();
    const late = setTimeout(() => this.#process.kill('SIGKILL'), 3000);
    await ended;
    clearTimeout(late);
  }
}

/** The process's next message, or an error if it ends before it or does not answer in time. */
async function firstMessage(child, stderr, deadlineMs) {
  const stop = new AbortController();
  const late = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
  try {
    const ended = once(child, 'exit', { signal: stop.signal }).then(([code, signal]) => {
      throw new Error(`A process ended (${signal ?? code}): ${child.spawnargs.join(' ')}\n${stderr.end}`);
    });
    const [message] = await Promise.race([once(child, 'message', { signal: stop.signal }), ended]);
    return message;
  } finally {
    clearTimeout(late);
    stop.abort();
  }
}
