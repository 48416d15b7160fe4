import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pinned } from './machine.mjs';

/**
 * A process that answers questions over IPC, one at a time: `{ ask: 'cpu' }` is answered by one message.
 * Its first message, before any question, says that it is ready.
 */
export class Child {
  #process;

  constructor(child, ready) {
    this.#process = child;
    this.ready = ready;
  }

  /** @returns {Promise<Child>} once it is ready */
  static async start(program, args, { core, env = {} }) {
    const [command, commandArgs] = pinned(core, program, args);
    const child = spawn(command, commandArgs, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    return new Child(child, await firstMessage(child));
  }

  async ask(question) {
    const answered = firstMessage(this.#process);
    this.#process.send(question);
    return await answered;
  }

  async stop() {
    const ended = once(this.#process, 'exit');
    this.#process.disconnect();
    const late = setTimeout(() => this.#process.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(late);
  }
}

/** The process's next message, or an error if it ends before it. */
async function firstMessage(child) {
  const stop = new AbortController();
  try {
    const ended = once(child, 'exit', { signal: stop.signal }).then(([code, signal]) => {
      throw new Error(`A measured process ended (${signal ?? code}): ${child.spawnargs.join(' ')}`);
    });
    const [message] = await Promise.race([once(child, 'message', { signal: stop.signal }), ended]);
    return message;
  } finally {
    stop.abort();
  }
}
