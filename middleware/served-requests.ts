import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Server, ServerResponse } from 'node:http';
import type { RunsInFlight } from './runs-in-flight.js';
import { currentRun, type ViewRun } from './view-run.js';

/** What Node's HTTP servers publish of each request. */
const REQUEST_CAME = 'http.server.request.start';
const RESPONSE_FINISHED = 'http.server.response.finish';

interface Published {
  readonly response: ServerResponse;
  readonly server: Server;
}

/**
 * What Node's own HTTP servers tell of requests: that one is being handed over just now, and that its response is done.
 * Cheaper than a listener on each response, which is left for requests that come by another way.
 */
export class ServedRequests {
  readonly #runs: RunsInFlight;
  readonly #finish: (run: ViewRun) => void;
  /** Those of them that served a run. */
  readonly #servers = new WeakSet<Server>();
  readonly #connections = new WeakMap<object, Set<ViewRun>>();
  #arriving: Published | null = null;
  #lastServer: Server | null = null;
  #lastBeatMs = 0;
  /** Whoever began before it has been looked at. */
  #watchedUntilMs = 0;
  readonly #onCame = (message: unknown): void => {
    this.#arriving = message as Published;
  };
  readonly #onFinished = (message: unknown): void => {
    const { response, server } = message as Published;
    const run = this.#runOf(response, server);
    if (run !== undefined) this.#finish(run);
    // Answered before it came to Holdup, if it ever does.
    else if (this.#arriving?.response === response) this.#arriving = null;
  };

  /** `finish` is told of every run whose response is done, or never will be since its connection has closed. */
  constructor(runs: RunsInFlight, finish: (run: ViewRun) => void) {
    this.#runs = runs;
    this.#finish = finish;
    subscribe(REQUEST_CAME, this.#onCame);
    subscribe(RESPONSE_FINISHED, this.#onFinished);
  }

  /** True, once, for the response of a request that a server is handing over: `finish` will be called for its run. */
  take(response: object): boolean {
    const arriving = this.#arriving;
    if (arriving === null || arriving.response !== response) return false;
    this.#arriving = null;
    if (arriving.server !== this.#lastServer) {
      this.#lastServer = arriving.server;
      this.#servers.add(arriving.server);
    }
    return true;
  }

  /**
   * A heartbeat. A response whose connection closes is never done, and one that waits behind another in its connection
   * is not even told; so the connections of those that take longer than a beat are listened to.
   */
  loopTurned(nowMs: number): void {
    this.#arriving = null;
    for (const run of this.#runs.startedSince(this.#watchedUntilMs)) {
      if (run.connection === null && run.startedAtMs < this.#lastBeatMs) this.#watch(run);
    }
    this.#watchedUntilMs = this.#lastBeatMs;
    this.#lastBeatMs = nowMs;
  }

  stop(): void {
    unsubscribe(REQUEST_CAME, this.#onCame);
    unsubscribe(RESPONSE_FINISHED, this.#onFinished);
  }

  #runOf(response: ServerResponse, server: Server): ViewRun | undefined {
    const current = currentRun.getStore();
    if (current !== undefined && current.response === response) return current;
    // Someone has lost the context.
    return this.#servers.has(server) ? this.#runs.findFor(response) : undefined;
  }

  #watch(run: ViewRun): void {
    const { closed, req } = run.response as ServerResponse;
    const { socket } = req;
    if (closed || socket.destroyed) {
      this.#finish(run);
      return;
    }
    let runs = this.#connections.get(socket);
    if (runs === undefined) {
      this.#connections.set(socket, (runs = new Set()));
      const waiting = runs;
      socket.once('close', () => {
        for (const each of waiting) this.#finish(each);
      });
    }
    runs.add(run);
    run.connection = runs;
  }
}

/**
 * True where a context that was entered ends with the callback that entered it: since Node 24. Before, it stays with the
 * connection. Asked of Node itself, since a flag can change it.
 */
export const CONTEXT_ENDS_WITH_CALLBACK = ((): boolean => {
  const probe = new AsyncLocalStorage<boolean>();
  const callback = new AsyncResource('holdup');
  callback.runInAsyncScope(() => probe.enterWith(true));
  const stays = callback.runInAsyncScope(() => probe.getStore());
  probe.disable();
  return stays === undefined;
})();
