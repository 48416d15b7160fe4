import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import express, { type Express } from 'express';
import { apiRoutes } from './api.js';
import { type Access, Auth } from './auth.js';
import { CollectorError } from './errors.js';
import { Fleet } from './fleet.js';
import { overviewOf } from './fleet-overview.js';
import { restoreFleet } from './fleet-restore.js';
import { ingestApp } from './ingest.js';
import { LiveFeed } from './live-feed.js';
import { askForToken } from './login-page.js';
import { MetricsPage } from './metrics.js';
import type { ResolvedOptions } from './options.js';
import { dashboardPage, securityHeaders } from './page.js';
import { Persistence } from './persistence.js';
import { answerProblem, HttpProblem, notFound } from './problem.js';
import { collectorName, describeStore, type StoreLocation } from './store/location.js';
import { openStore } from './store/open.js';
import { VERSION } from './version.js';

/** What a process that finds the port taken looks for in `/healthz`, to know a Holdup when it meets one. */
const SERVICE = 'holdup-collector';

/** The collector's HTTP and WebSocket server, not listening yet. */
export class CollectorServer {
  readonly http: Server;
  readonly #auth: Auth;
  readonly #feed: LiveFeed;
  readonly #livePath: string;
  readonly #options: ResolvedOptions;
  readonly #fleet: Fleet;
  readonly #now: () => number;
  /** What is asked before the store has been read waits for it. */
  readonly #opened: Promise<void>;
  #declareOpen: () => void = () => {};
  #persistence: Persistence | null = null;
  #location: StoreLocation = { type: 'memory' };
  #stopping = false;
  #port = 0;

  constructor(options: ResolvedOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
    this.#opened = new Promise((resolve) => {
      this.#declareOpen = resolve;
    });
    this.#fleet = new Fleet(now());
    this.#auth = new Auth(options, now);
    this.#feed = new LiveFeed(this.#fleet, now);
    this.#livePath = `${options.basePath}/api/v1/live`;
    const app = this.#app();
    const ingest = ingestApp({
      basePath: options.basePath,
      fleet: this.#fleet,
      kept: () => this.#opening(),
      authorize: (request) => this.#authorize(request, 'write'),
      log: options.log,
      now,
    });
    const timeouts = { requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 65_000 };
    this.http = createServer(timeouts, (request, response) => {
      ingest(request, response, () => app(request, response));
    });
    this.http.on('listening', () => {
      const address = this.http.address();
      if (typeof address === 'object' && address !== null) this.#port = address.port;
    });
    this.http.on('upgrade', (request, socket, head) => void this.#upgrade(request, socket, head));
  }

  /** 0 until it listens. */
  get port(): number {
    return this.#port;
  }

  get loginCode(): string {
    return this.#auth.loginCode;
  }

  /** Where it keeps things, for people. */
  get store(): string {
    return describeStore(this.#location);
  }

  /** Opens the store and goes on where the last collector stopped. Once it listens: then the port is known. */
  async open(): Promise<void> {
    const { log } = this.#options;
    const { store, location } = await openStore(this.#options, this.port, log);
    const name = collectorName(location, this.port);
    try {
      restoreFleet(this.#fleet, await store.load(name, this.#now()), this.#now());
    } catch (error) {
      await store.close();
      const why = error instanceof Error ? error.message : String(error);
      throw new CollectorError('HOLDUP_STORE_FAILED', `The store ${describeStore(location)} cannot be read: ${why}.`);
    }
    this.#location = location;
    this.#persistence = new Persistence(this.#fleet, store, name, this.#now, log);
    this.#declareOpen();
  }

  /** Ends the live feed and lets running requests finish, for at most half a second. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#feed.stop();
    await new Promise<void>((resolve) => {
      this.http.close(() => resolve());
      this.http.closeIdleConnections();
      setTimeout(() => this.http.closeAllConnections(), 500).unref();
    });
    // Whatever was answered is saved; nothing more comes in.
    await this.#persistence?.stop();
  }

  #app(): Express {
    const options = this.#options;
    const fleet = this.#fleet;
    const now = this.#now;
    const kept = (): Persistence => this.#opening();
    const metrics = new MetricsPage(fleet, this.#feed, kept, now);
    const router = express.Router();
    router.use((request, response, next) => {
      // The page's links are relative: without the slash they would lead beside the base path.
      const isBare = options.basePath !== '' && request.originalUrl.split('?')[0] === options.basePath;
      if (isBare) response.redirect(308, `${options.basePath}/`);
      else next();
    });
    router.get('/healthz', (_request, response) => {
      response.set('Cache-Control', 'no-store').json({ service: SERVICE, version: VERSION, status: 'ok' });
    });
    router.get('/readyz', (_request, response) => {
      response.set('Cache-Control', 'no-store').json({ service: SERVICE, ...this.#readiness() });
    });
    router.get('/', this.#auth.followLink);
    router.post('/login', express.urlencoded({ extended: false, limit: '4kb' }), this.#auth.logIn);
    router.use(async (request, _response, next) => {
      await this.#authorize(request, 'read');
      next();
    });
    router.get('/metrics', async (_request, response) => {
      response.type(metrics.contentType).send(await metrics.text());
    });
    router.get('/api/v1/live', () => {
      throw new HttpProblem(426, 'The live feed is a WebSocket.', { Upgrade: 'websocket' });
    });
    router.use('/api/v1', apiRoutes(fleet, kept, now));
    router.use(dashboardPage(() => overviewOf(fleet, now())));
    router.use(askForToken);

    const app = express();
    app.disable('x-powered-by');
    app.disable('etag');
    app.set('query parser', 'simple');
    app.use((_request, response, next) => {
      securityHeaders(response);
      next();
    });
    app.use(options.basePath || '/', router);
    app.use(notFound);
    app.use(answerProblem(options.log));
    return app;
  }

  /** Throws when the request may not pass; resolves once the store is open. */
  async #authorize(request: IncomingMessage, access: Access): Promise<void> {
    this.#auth.check(request, this.port, access);
    if (this.#persistence === null) await this.#opened;
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    try {
      const path = (request.url ?? '').split('?')[0];
      if (path !== this.#livePath) throw new HttpProblem(404, 'There is no WebSocket at this path.');
      this.#auth.check(request, this.port, 'read');
      this.#auth.checkOrigin(request);
      await this.#opened;
      if (this.#feed.isFull || this.#stopping)
        throw new HttpProblem(503, 'There are too many pages connected.', { 'Retry-After': '5' });
    } catch (error) {
      refuse(socket, error instanceof HttpProblem ? error : new HttpProblem(500, 'The collector made a mistake.'));
      return;
    }
    this.#feed.accept(request, socket, head);
  }

  #opening(): Persistence {
    if (this.#persistence === null) throw new HttpProblem(503, 'The store is being opened.', { 'Retry-After': '1' });
    return this.#persistence;
  }

  /** Ready: it takes reports, and keeps what it was started to keep. */
  #readiness(): { readonly status: 'ready'; readonly store: string } {
    if (this.#stopping) throw new HttpProblem(503, 'The collector is stopping.');
    const persistence = this.#opening();
    if (persistence.failure !== '') throw new HttpProblem(503, 'The store fails; new data is in memory only.');
    return { status: 'ready', store: persistence.kind };
  }
}

/** A plain HTTP answer on a socket that wanted to become a WebSocket. */
function refuse(socket: Duplex, problem: HttpProblem): void {
  const body = JSON.stringify(problem);
  const headers = {
    ...problem.headers,
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${problem.status} ${problem.toJSON().title}\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
}
