import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { LiveDelta, LiveIncident, LiveLagged, LiveSnapshot } from '../protocol/index.js';
import type { Fleet, FleetEvents } from './fleet.js';
import { incidentSummaries, overviewOf, rankedInstances, rankedViews, viewSummary } from './fleet-overview.js';
import type { IncidentGroup } from './incident-group.js';
import { COLLECTOR_LIMITS } from './limits.js';
import { LiveClient } from './live-client.js';
import { LiveText } from './live-text.js';

const SNAPSHOT_INCIDENTS = 200;
const SNAPSHOT_ROWS = 500;
const DELTA_ROWS = 200;
const INCIDENTS_AT_ONCE_A_SECOND = 20;
const EARLY_DELTAS_A_SECOND = 4;
/** A client that answers no ping for this long is gone. */
const PING_MS = 30_000;

/** Each message by itself, so that one compression is good for all pages. */
const DEFLATE = { serverNoContextTakeover: true, clientNoContextTakeover: true };
/** A client that wants a smaller window, as none of the browsers does, gets the messages as they are. */
const OWN_WINDOW = /server_max_window_bits/;

type Body<T> = T extends unknown ? Omit<T, 'sequence'> : never;

/** `WS /api/v1/live`: one snapshot, then numbered deltas once a second, and incidents at once. */
export class LiveFeed implements FleetEvents {
  readonly #fleet: Fleet;
  readonly #now: () => number;
  readonly #plainServer = new WebSocketServer({ noServer: true, maxPayload: 1024, perMessageDeflate: false });
  readonly #deflatingServer = new WebSocketServer({ noServer: true, maxPayload: 1024, perMessageDeflate: DEFLATE });
  readonly #clients = new Set<LiveClient>();
  readonly #pinger: NodeJS.Timeout;
  #timer: NodeJS.Timeout;
  #incidentsLeft = INCIDENTS_AT_ONCE_A_SECOND;
  #earlyLeft = EARLY_DELTAS_A_SECOND;

  constructor(fleet: Fleet, now: () => number) {
    this.#fleet = fleet;
    this.#now = now;
    fleet.events = this;
    this.#timer = this.#schedule();
    this.#pinger = setInterval(() => this.#ping(), PING_MS);
    this.#pinger.unref();
  }

  get clients(): number {
    return this.#clients.size;
  }

  get isFull(): boolean {
    return this.#clients.size >= COLLECTOR_LIMITS.liveClients;
  }

  /** Compressed for whoever can read it, on this machine too: compressing once costs less than copying it all for each page. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const isPlain = OWN_WINDOW.test(request.headers['sec-websocket-extensions'] ?? '');
    const server = isPlain ? this.#plainServer : this.#deflatingServer;
    server.handleUpgrade(request, socket, head, (webSocket) => {
      const client = new LiveClient(webSocket, socket, () => textOf(this.#snapshot()));
      this.#clients.add(client);
      webSocket.on('close', () => this.#clients.delete(client));
      client.sendSnapshot();
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#pinger);
    for (const client of this.#clients) client.close();
    this.#plainServer.close();
    this.#deflatingServer.close();
  }

  incident(group: IncidentGroup): void {
    // A storm of incidents waits for the next delta, which carries them all.
    if (this.#clients.size === 0 || this.#incidentsLeft === 0) return;
    this.#incidentsLeft--;
    const at = this.#now();
    this.#broadcast({ type: 'incident', at, incident: group.summary(at) } satisfies Body<LiveIncident>);
  }

  blockedChanged(): void {
    if (this.#clients.size === 0 || this.#earlyLeft === 0) return;
    this.#earlyLeft--;
    // The report that brought the news is still being recorded.
    setImmediate(() => {
      const at = this.#now();
      this.#broadcast(this.#delta(at, this.#fleet.peekSecond(at)));
    });
  }

  /** Just after each full second, so that a point covers exactly one. */
  #schedule(): NodeJS.Timeout {
    const timer = setTimeout(() => this.#tick(), 1000 - (Date.now() % 1000) + 5);
    timer.unref();
    return timer;
  }

  #tick(): void {
    this.#timer = this.#schedule();
    this.#incidentsLeft = INCIDENTS_AT_ONCE_A_SECOND;
    this.#earlyLeft = EARLY_DELTAS_A_SECOND;
    const at = this.#now();
    const point = this.#fleet.endSecond(at);
    if (this.#clients.size > 0) this.#broadcast(this.#delta(at, point));
    else this.#fleet.changes.take(at, Number.POSITIVE_INFINITY);
  }

  #delta(at: number, point: LiveDelta['point']): Body<LiveDelta> {
    const fleet = this.#fleet;
    const changes = fleet.changes.take(at, DELTA_ROWS);
    return {
      type: 'delta',
      at,
      overview: overviewOf(fleet, at),
      views: changes.views.map((view) => viewSummary(fleet, view, at)),
      incidents: changes.incidents.map((group) => group.summary(at)),
      instances: changes.instances.map((entry) => entry.summary(at)),
      point,
    };
  }

  #snapshot(): Body<LiveSnapshot> {
    const at = this.#now();
    const fleet = this.#fleet;
    return {
      type: 'snapshot',
      at,
      overview: overviewOf(fleet, at),
      views: rankedViews(fleet, at)
        .slice(0, SNAPSHOT_ROWS)
        .map((view) => viewSummary(fleet, view, at)),
      incidents: incidentSummaries(fleet, at, SNAPSHOT_INCIDENTS),
      instances: rankedInstances(fleet, at)
        .slice(0, SNAPSHOT_ROWS)
        .map((entry) => entry.summary(at)),
      timeline: fleet.timeline.recent(),
    };
  }

  /** The message is made once; only its number differs from client to client. */
  #broadcast(body: Body<LiveDelta> | Body<LiveIncident>): void {
    const text = textOf(body);
    for (const client of this.#clients) client.send(text, lagged);
  }

  #ping(): void {
    for (const client of this.#clients) client.ping();
  }
}

type LiveBody = Body<LiveDelta> | Body<LiveIncident> | Body<LiveSnapshot> | Body<LiveLagged>;

/** All that comes after the number. */
function textOf(body: LiveBody): LiveText {
  return new LiveText(JSON.stringify(body).slice(1));
}

function lagged(dropped: number): LiveText {
  return textOf({ type: 'lagged', dropped });
}
