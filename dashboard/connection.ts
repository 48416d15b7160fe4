import type { LiveMessage } from '../protocol/index.js';
import { backoffMs } from './backoff.js';
import { takeLiveSocket } from './live-socket.js';

/** The feed speaks once a second; this much silence on an open socket means that it is dead. */
const SILENCE_MS = 6_000;
const CHECK_MS = 1_000;

export type ConnectionState =
  | { readonly name: 'connecting' }
  | { readonly name: 'live' }
  /** The collector dropped messages for us and will send a fresh snapshot. */
  | { readonly name: 'lagged'; readonly dropped: number }
  /** `retryAt` is epoch milliseconds. */
  | { readonly name: 'reconnecting'; readonly attempt: number; readonly retryAt: number }
  /** The collector answered that this browser may not look. */
  | { readonly name: 'refused'; readonly status: number };

export interface ConnectionEvents {
  readonly onMessage: (message: LiveMessage) => void;
  readonly onState: (state: ConnectionState) => void;
}

/** One socket to `api/v1/live` at a time, for as long as the page is open. */
export class Connection {
  readonly #events: ConnectionEvents;
  #socket: WebSocket | null = null;
  #retry = 0;
  #silence = 0;
  #heardAt = 0;
  #attempt = 0;
  /** The last message's number; -1 while a snapshot is awaited. */
  #sequence = -1;

  constructor(events: ConnectionEvents) {
    this.#events = events;
  }

  start(): void {
    addEventListener('online', this.retryNow);
    document.addEventListener('visibilitychange', this.#onVisible);
    this.#silence = setInterval(this.#checkSilence, CHECK_MS);
    this.#events.onState({ name: 'connecting' });
    this.#open();
  }

  stop(): void {
    removeEventListener('online', this.retryNow);
    document.removeEventListener('visibilitychange', this.#onVisible);
    clearTimeout(this.#retry);
    clearInterval(this.#silence);
    this.#close();
  }

  /** Does not wait for the backoff; nothing happens while a socket is open. */
  readonly retryNow = (): void => {
    if (this.#socket !== null) return;
    clearTimeout(this.#retry);
    this.#open();
  };

  readonly #onVisible = (): void => {
    if (!document.hidden) this.retryNow();
  };

  #open(): void {
    const { socket, heard } = takeLiveSocket();
    this.#socket = socket;
    this.#sequence = -1;
    this.#heardAt = Date.now();
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = () => this.#lost(socket);
    for (const data of heard) this.#receive(data);
    // It may have ended before anybody listened.
    if (socket.readyState >= WebSocket.CLOSING) this.#lost(socket);
  }

  #receive(data: string): void {
    this.#heardAt = Date.now();
    const message = JSON.parse(data) as LiveMessage;
    if (message.type === 'snapshot') {
      this.#attempt = 0;
      this.#events.onState({ name: 'live' });
    } else if (message.type === 'lagged') {
      this.#sequence = -1;
      this.#events.onState({ name: 'lagged', dropped: message.dropped });
      return;
    } else if (this.#sequence === -1) {
      return;
    } else if (message.sequence !== this.#sequence + 1) {
      // A hole: what we would show from here on might be wrong, so we ask for everything again.
      this.#socket?.close();
      return;
    }
    this.#sequence = message.sequence;
    this.#events.onMessage(message);
  }

  /** A dead peer answers no close frame; this does not wait for one. */
  readonly #checkSilence = (): void => {
    const socket = this.#socket;
    if (socket === null || Date.now() - this.#heardAt < SILENCE_MS) return;
    socket.close();
    this.#lost(socket);
  };

  #lost(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#close();
    this.#attempt++;
    const waitMs = backoffMs(this.#attempt);
    this.#events.onState({ name: 'reconnecting', attempt: this.#attempt, retryAt: Date.now() + waitMs });
    this.#retry = setTimeout(this.retryNow, waitMs);
    void this.#askWhy(this.#attempt);
  }

  /** A browser hides why an upgrade failed; an ordinary request says it. */
  async #askWhy(attempt: number): Promise<void> {
    const status = await fetch('api/v1/overview').then(
      (response) => response.status,
      () => 0,
    );
    if ((status === 401 || status === 403) && attempt === this.#attempt && this.#socket === null) {
      this.#events.onState({ name: 'refused', status });
    }
  }

  #close(): void {
    const socket = this.#socket;
    this.#socket = null;
    if (socket !== null) {
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    }
  }
}
