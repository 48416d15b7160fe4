import { Worker } from 'node:worker_threads';
import { COLLECTOR_FILE } from '../own-files.js';
import type { CollectorFound, Destination } from './messages.js';

const HOST = '127.0.0.1';
const DEFAULT_PORT = 4653;
/** When a port belongs to another program, the next ones are tried. */
const PORTS = 11;
const PROBE_TIMEOUT_MS = 1000;
/** Processes that lose their collector at once look for the next one at random moments within this. */
const LOOK_AGAIN_MS = 800;
/** How often a process that may open no port looks for a collector. */
const JOIN_EVERY_MS = 2000;
/** After a collector that could not be started at all. */
const GIVE_REST_MS = 30_000;

/** What the collector's worker thread says once. */
type FromCollector =
  | { readonly type: 'listening'; readonly url: string; readonly warnings?: readonly string[] }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

export interface LinkOptions {
  readonly destination: Destination;
  /** The exporter's new target; null while there is none. */
  readonly onTarget: (url: string | null) => void;
  readonly onFound: (found: CollectorFound) => void;
  readonly warn: (text: string) => void;
}

/**
 * Finds the collector: the one configured, or this machine's own. Of several processes the first to open the port
 * runs it in a thread; the others join it, and when it dies with its process, whoever opens the port next takes over.
 */
export class CollectorLink {
  readonly #options: LinkOptions;
  readonly #warned = new Set<string>();
  #worker: Worker | null = null;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #stopped = false;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  start(): void {
    const { destination } = this.#options;
    if (destination.type === 'none') return;
    if (destination.type === 'remote') this.#found(destination.url, 'remote');
    else void this.#look();
  }

  /** Nobody answers where the collector was. */
  lost(): void {
    const { type } = this.#options.destination;
    if (type === 'remote' || type === 'none' || this.#worker !== null) return;
    // Held back until it is known who has taken over, then sent at once.
    this.#options.onTarget(null);
    this.#lookIn(Math.random() * LOOK_AGAIN_MS);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    void this.#worker?.terminate();
  }

  #lookIn(waitMs: number): void {
    if (this.#stopped || this.#looking || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#look();
    }, waitMs);
  }

  async #look(): Promise<void> {
    const { destination } = this.#options;
    if (this.#stopped || this.#looking || (destination.type !== 'embedded' && destination.type !== 'join')) return;
    this.#looking = true;
    const first = destination.port ?? DEFAULT_PORT;
    const waitMs = await this.#tryPorts(first, destination.type === 'embedded');
    this.#looking = false;
    if (waitMs !== null) this.#lookIn(waitMs);
  }

  /** Null when a collector was found, else how long to wait before looking again. */
  async #tryPorts(first: number, mayStart: boolean): Promise<number | null> {
    for (let port = first; port < first + (first === 0 ? 1 : PORTS); port++) {
      const there = port === 0 ? 'nobody' : await probe(port);
      if (there === 'holdup') {
        this.#found(`http://${HOST}:${port}`, 'joined');
        return null;
      }
      if (there === 'nobody') {
        if (!mayStart) continue;
        const answer = await this.#startCollector(port);
        if (answer.type === 'listening') {
          this.#found(answer.url.replace(/\/$/, ''), 'embedded');
          for (const warning of answer.warnings ?? []) this.#warnOnce(warning, warning);
          return null;
        }
        // Somebody was faster, most likely another process of this app: see who.
        if (answer.code.includes('IN_USE') || answer.code.includes('INUSE')) return Math.random() * 200;
        this.#warnOnce(answer.code, `the collector could not be started: ${answer.message}`);
        return GIVE_REST_MS;
      }
      if (port < first + PORTS - 1 && mayStart) {
        this.#warnOnce(`port ${port}`, `port ${port} belongs to another program; trying ${port + 1}`);
      }
    }
    if (!mayStart) return JOIN_EVERY_MS;
    this.#warnOnce('ports', `no port from ${first} to ${first + PORTS - 1} is free; nothing is sent`);
    return GIVE_REST_MS;
  }

  #startCollector(port: number): Promise<FromCollector> {
    return new Promise((resolve) => {
      let worker: Worker;
      try {
        worker = new Worker(COLLECTOR_FILE, {
          name: 'holdup collector',
          workerData: { port, host: HOST },
          execArgv: [],
          env: { ...process.env, NODE_OPTIONS: '' },
          argv: [],
        });
      } catch (error) {
        resolve({ type: 'failed', code: 'HOLDUP_NO_WORKER', message: String(error) });
        return;
      }
      worker.on('message', (message: FromCollector) => {
        if (message.type === 'listening') this.#worker = worker;
        else void worker.terminate();
        resolve(message);
      });
      worker.on('error', (error) => resolve({ type: 'failed', code: 'HOLDUP_COLLECTOR_DIED', message: error.message }));
      worker.on('exit', () => {
        resolve({ type: 'failed', code: 'HOLDUP_COLLECTOR_DIED', message: 'its thread ended' });
        if (this.#worker !== worker) return;
        this.#worker = null;
        this.lost();
      });
    });
  }

  #found(url: string, how: CollectorFound['how']): void {
    this.#options.onTarget(url);
    this.#options.onFound({ type: 'collector', url, how });
  }

  #warnOnce(key: string, text: string): void {
    if (this.#warned.has(key)) return;
    this.#warned.add(key);
    this.#options.warn(text);
  }
}

/** Who listens on a port of this machine. */
function probe(port: number): Promise<'holdup' | 'nobody' | 'other'> {
  return new Promise((resolve) => {
    const { get } = process.getBuiltinModule('node:http');
    const request = get({ host: HOST, port, path: '/healthz', agent: false, timeout: PROBE_TIMEOUT_MS }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > 4096) answer.destroy();
      });
      answer.on('error', () => {});
      answer.on('close', () => resolve(isHoldup(text) ? 'holdup' : 'other'));
    });
    const deadline = setTimeout(() => request.destroy(), PROBE_TIMEOUT_MS);
    request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED' ? 'nobody' : 'other'));
    request.on('close', () => clearTimeout(deadline));
  });
}

function isHoldup(text: string): boolean {
  try {
    return JSON.parse(text)?.service === 'holdup-collector';
  } catch {
    return false;
  }
}
