import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The Node versions to test on that are here: the one that runs the tests, and those that `npm test` installed. */
export const NODES: readonly { readonly version: string; readonly path: string }[] = [
  { version: process.versions.node.split('.')[0] as string, path: process.execPath },
  ...['22', '24', '26'].map((version) => ({
    version,
    path: `${ROOT}.cache/node-${version}/node_modules/node/bin/node`,
  })),
].filter((node, at, all) => existsSync(node.path) && all.findIndex((other) => other.version === node.version) === at);

export interface ChildOptions {
  readonly args?: readonly string[];
  readonly execArgv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly node?: string;
  readonly cwd?: string;
}

/** A Node process that a test started and ends. It says where it listens with a line `listening <port>`. */
export class Child {
  readonly process: ChildProcess;
  stdout = '';
  stderr = '';
  readonly exited: Promise<number | null>;

  constructor(
    script: string,
    { args = [], execArgv = [], env = {}, node = process.execPath, cwd = ROOT }: ChildOptions = {},
  ) {
    this.process = spawn(node, [...execArgv, script, ...args], {
      cwd,
      env: { ...process.env, NODE_ENV: 'development', VITEST: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stdout?.on('data', (chunk) => {
      this.stdout += chunk;
    });
    this.process.stderr?.on('data', (chunk) => {
      this.stderr += chunk;
    });
    this.exited = new Promise((resolve) => this.process.on('close', (code) => resolve(code)));
  }

  /** Resolves with the match once the output has it. */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    return until(`the process says ${pattern}`, () => {
      const match = pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
      if (match === null && this.process.exitCode !== null) {
        throw new Error(`it exited with ${this.process.exitCode} first:\n${this.stdout}\n${this.stderr}`);
      }
      return match;
    });
  }

  /** The base URL once it listens. */
  async url(): Promise<string> {
    return `http://127.0.0.1:${(await this.said(/listening (\d+)/))[1]}`;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.process.kill(signal);
    return this.exited;
  }
}

/** Polls until `probe` gives something that is not null, undefined or false. */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  timeoutMs = 20_000,
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    last = await probe();
    if (last !== null && last !== undefined && last !== false) return last as NonNullable<Exclude<T, false>>;
    if (Date.now() > deadline) throw new Error(`timed out waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url);
  return (await response.json()) as T;
}
