import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { COLLECTOR_LIMITS } from './limits.js';
import { HttpProblem } from './problem.js';

/** What one process may report for long. An honest one makes a report a second, and a batch at most every 40 ms … */
const REPORTS_A_SECOND = 50;
/** … and at once: several times the 120 that wait in it while nobody answers. */
const BURST = 500;
/** What comes in one post is taken whole, on credit; this much of it has to be waited for. */
const MAX_DEBT = 250;
/** No honest name is longer; longer ones share one pace. */
const ID_LENGTH = 300;

interface Bucket {
  /** Reports that it may send; below 0 it owes. */
  left: number;
  filledAt: number;
}

/** Who posts over a connection. */
interface Line {
  /** The one process, or null when there are several: an OpenTelemetry Collector in between. */
  readonly id: string | null;
  /** Until then what comes is refused unread. */
  refusedUntil: number;
}

/**
 * One process that reports far too often is told to slow down (429), so that it costs the others nothing. It is told by its
 * instance id, not by its address or token, which many share; what carries several processes is never refused for one of
 * them.
 */
export class SenderPace {
  readonly #now: () => number;
  /** By instance id, the one that posted last at the end. */
  readonly #buckets = new Map<string, Bucket>();
  readonly #lines = new WeakMap<Socket, Line>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Refuses a post unread when the process alone on this connection was told to wait, and does not. */
  refuseUnread({ socket }: IncomingMessage): void {
    const waitMs = (this.#lines.get(socket)?.refusedUntil ?? 0) - this.#now();
    if (waitMs > 0) throw tooOften(waitMs);
  }

  /** Counts the reports or batches of one post. Throws when each of its processes reports too often. */
  admit({ socket }: IncomingMessage, reports: readonly { readonly instance: { readonly id: string } }[]): void {
    if (reports.length === 0) return;
    const counts = new Map<string, number>();
    for (const { instance } of reports) {
      const id = instance.id.length > ID_LENGTH ? '' : instance.id;
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    let waitMs = Number.POSITIVE_INFINITY;
    for (const [id, count] of counts) waitMs = Math.min(waitMs, this.#take(id, count));
    const line = this.#lineOf(socket, [...counts.keys()]);
    if (waitMs === 0) return;
    if (line.id !== null) line.refusedUntil = this.#now() + waitMs;
    throw tooOften(waitMs);
  }

  /** 0, or how long the process has to wait. */
  #take(id: string, count: number): number {
    const now = this.#now();
    const bucket = this.#buckets.get(id) ?? { left: BURST, filledAt: now };
    this.#buckets.delete(id);
    this.#buckets.set(id, bucket);
    if (this.#buckets.size > COLLECTOR_LIMITS.instances) {
      this.#buckets.delete(this.#buckets.keys().next().value as string);
    }
    const gained = (Math.max(0, now - bucket.filledAt) / 1000) * REPORTS_A_SECOND;
    bucket.left = Math.min(BURST, bucket.left + gained);
    bucket.filledAt = now;
    if (bucket.left < 1) return ((1 - bucket.left) / REPORTS_A_SECOND) * 1000;
    bucket.left = Math.max(-MAX_DEBT, bucket.left - count);
    return 0;
  }

  #lineOf(socket: Socket, ids: readonly string[]): Line {
    const [id = ''] = ids;
    const known = this.#lines.get(socket);
    if (known !== undefined && (known.id === null || (known.id === id && ids.length === 1))) return known;
    const line = { id: known === undefined && ids.length === 1 ? id : null, refusedUntil: 0 };
    this.#lines.set(socket, line);
    return line;
  }
}

function tooOften(waitMs: number): HttpProblem {
  return new HttpProblem(429, `One process may send ${REPORTS_A_SECOND} reports a second; send it again in a moment.`, {
    'Retry-After': String(Math.ceil(waitMs / 1000)),
  });
}
