import type { Agent } from 'node:http';
import { type DroppedCount, decodeResponse, type PartialSuccess } from '../../protocol/index.js';
import { httpFor, type PostAnswer, post } from './http-post.js';

/** One body on its way to the collector. */
export interface Shipment {
  readonly path: '/v1/metrics' | '/v1/logs';
  /** Protobuf. */
  readonly body: Uint8Array;
  /** What is lost if this is. */
  readonly contents: readonly DroppedCount[];
}

export interface ExporterOptions {
  readonly token: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly compress: boolean;
  readonly timeoutMs: number;
  /** What could not be sent, to be counted in a later report. */
  readonly onDropped: (contents: readonly DroppedCount[]) => void;
  /** Nobody answers at the target. */
  readonly onUnreachable: () => void;
  readonly warn: (text: string) => void;
}

/** A minute of reports and as many batches; beyond that the oldest go. */
const MAX_SHIPMENTS = 120;
const MAX_BYTES = 2 * 1024 * 1024;
const GZIP_FROM_BYTES = 1024;
/** Full jitter: the wait before attempt n is anywhere between 0 and BASE * 2^n, at most MAX. */
const BACKOFF_BASE_MS = 500;
const BACKOFF_MAX_MS = 30_000;
const RETRY_AFTER_MAX_MS = 300_000;
/** The answers that OTLP/HTTP calls retryable; everything else that is not 2xx is final. */
const RETRYABLE = new Set([429, 502, 503, 504]);

interface Queued extends Shipment {
  attempts: number;
}

/**
 * Ships OTLP/HTTP in protobuf, one post at a time and in order, over one kept connection. Bounded in count and bytes:
 * what does not fit, or is refused for good, is handed to `onDropped`.
 *
 * Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
export class Exporter {
  readonly #options: ExporterOptions;
  readonly #queue: Queued[] = [];
  readonly #warned = new Set<string>();
  #agent: Agent | null = null;
  #target: string | null = null;
  #bytes = 0;
  #sending = false;
  #retryTimer: NodeJS.Timeout | undefined;
  #whenEmpty: (() => void)[] = [];

  constructor(options: ExporterOptions) {
    this.#options = options;
  }

  /** The base URL to post to; null holds everything back (within the bounds) until there is one. */
  set target(url: string | null) {
    if (url === this.#target) return;
    this.#agent?.destroy();
    this.#agent = null;
    this.#target = url;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    void this.#pump();
  }

  push(shipment: Shipment): void {
    this.#queue.push({ ...shipment, attempts: 0 });
    this.#bytes += shipment.body.length;
    // The head may be on the wire; the oldest one behind it is the one to give up.
    while (this.#queue.length > MAX_SHIPMENTS || (this.#bytes > MAX_BYTES && this.#queue.length > 1)) {
      this.#drop(this.#queue.splice(this.#sending ? 1 : 0, 1)[0]);
    }
    void this.#pump();
  }

  /** Resolves when everything is sent, or after `timeoutMs`. */
  flush(timeoutMs: number): Promise<void> {
    if (this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#whenEmpty.push(() => {
        clearTimeout(timer);
        resolve();
      });
      clearTimeout(this.#retryTimer);
      this.#retryTimer = undefined;
      void this.#pump();
    });
  }

  async #pump(): Promise<void> {
    if (this.#sending || this.#retryTimer !== undefined) return;
    this.#sending = true;
    while (this.#target !== null && this.#retryTimer === undefined) {
      const head = this.#queue[0];
      if (head === undefined) break;
      const waitMs = await this.#send(head, this.#target);
      if (waitMs === null) {
        this.#queue.shift();
        this.#bytes -= head.body.length;
      } else {
        this.#retryTimer = setTimeout(() => {
          this.#retryTimer = undefined;
          void this.#pump();
        }, waitMs);
      }
    }
    this.#sending = false;
    if (this.#queue.length === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }

  /** Null when it is done with (sent, or refused for good and counted); else how long to wait before the next try. */
  async #send(shipment: Queued, target: string): Promise<number | null> {
    try {
      const url = new URL(target.replace(/\/+$/, '') + shipment.path);
      this.#agent ??= newAgent(url);
      const { body, headers } = encode(shipment.body, this.#options.compress);
      if (this.#options.token !== '') headers.authorization = `Bearer ${this.#options.token}`;
      const answer = await post(url, body, {
        agent: this.#agent,
        headers: { ...headers, ...this.#options.headers },
        timeoutMs: this.#options.timeoutMs,
      });
      if (answer.status >= 200 && answer.status < 300) {
        this.#readPartialSuccess(answer.body);
        return null;
      }
      if (RETRYABLE.has(answer.status)) return retryAfterMs(answer) ?? backoffMs(shipment.attempts++);
      this.#options.onDropped(shipment.contents);
      this.#warnOnce(String(answer.status), refusal(url, answer));
      return null;
    } catch {
      // Refused, reset, not resolved, timed out: nobody took it.
      if (target === this.#target) this.#options.onUnreachable();
      return backoffMs(shipment.attempts++);
    }
  }

  #readPartialSuccess(body: Uint8Array): void {
    let partial: PartialSuccess;
    try {
      partial = decodeResponse(body);
    } catch {
      // A receiver that answers in some other way took it all the same.
      return;
    }
    if (!(partial.rejected > 0)) return;
    this.#options.onDropped([{ what: 'rejected', count: partial.rejected }]);
    this.#warnOnce('partial', `the collector refused ${partial.rejected} entries: ${partial.errorMessage}`);
  }

  #drop(shipment: Queued | undefined): void {
    if (shipment === undefined) return;
    this.#bytes -= shipment.body.length;
    this.#options.onDropped(shipment.contents);
  }

  #warnOnce(key: string, text: string): void {
    if (this.#warned.has(key) || this.#warned.size > 20) return;
    this.#warned.add(key);
    this.#options.warn(text);
  }
}

function newAgent(url: URL): Agent {
  return new (httpFor(url).Agent)({ keepAlive: true, maxSockets: 1, timeout: 60_000 });
}

function encode(plain: Uint8Array, compress: boolean): { body: Uint8Array; headers: Record<string, string> } {
  const headers: Record<string, string> = { 'content-type': 'application/x-protobuf', 'user-agent': 'holdup' };
  if (!compress || plain.length < GZIP_FROM_BYTES) return { body: plain, headers };
  headers['content-encoding'] = 'gzip';
  // On this thread: the pool of the asynchronous call is the app's, and it may be full of what holds the app up.
  // Level 1: reports are small and repeat themselves, so more effort buys little.
  return { body: process.getBuiltinModule('node:zlib').gzipSync(plain, { level: 1 }), headers };
}

function backoffMs(attempts: number): number {
  return Math.random() * Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** attempts);
}

/** `Retry-After` in milliseconds (it may be seconds or a date), or null when there is none. */
function retryAfterMs(answer: PostAnswer): number | null {
  const value = answer.headers['retry-after'];
  if (typeof value !== 'string') return null;
  const waitMs = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(waitMs) ? null : Math.min(RETRY_AFTER_MAX_MS, Math.max(0, waitMs));
}

function refusal(url: URL, { status, headers }: PostAnswer): string {
  const where = `${url.origin}${url.pathname}`;
  if (status >= 300 && status < 400) {
    return `${where} redirects (${status}) to ${String(headers.location ?? 'nowhere')}: set the collector to that URL. Its reports are dropped.`;
  }
  if (status === 401 || status === 403) return `${where} refuses the token (${status}). Its reports are dropped.`;
  return `${where} answers ${status}: is it an OTLP/HTTP receiver? What it refuses is dropped.`;
}
