import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const BLOCKER = fileURLToPath(new URL('./fixtures/blocker.js', import.meta.url));
const CACHE = fileURLToPath(new URL('../../.cache/', import.meta.url));

/** This Node, and Node 24 where one is at hand. */
export const NODES = [process.execPath, `${CACHE}node-24/node_modules/node/bin/node`].filter((path) =>
  existsSync(path),
);

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

export class Blocker {
  readonly child: ChildProcess;
  readonly messages: { type: string; [key: string]: unknown }[] = [];
  readonly ended: Promise<Ended>;
  output = '';

  constructor(job: object, options: { node?: string; ipc?: boolean; execArgv?: string[] } = {}) {
    const args = [...(options.execArgv ?? []), BLOCKER, JSON.stringify(job)];
    this.child = spawn(options.node ?? process.execPath, args, {
      stdio: options.ipc === false ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk) => {
        this.output += chunk;
      });
    }
    this.child.on('message', (message) => this.messages.push(message as { type: string }));
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code, signal) => resolve({ code, signal, output: this.output }));
    });
  }

  run(...steps: string[]): void {
    this.child.send(steps);
  }

  kill(): Promise<Ended> {
    this.child.kill('SIGKILL');
    return this.ended;
  }
}

/** Waits until `look` finds something; fails loudly after `timeoutMs`. */
export async function until<T>(what: string, look: () => T | undefined | false | null, timeoutMs = 20_000): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
