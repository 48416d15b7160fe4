import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { apiRoutes } from './api.js';
import { Auth } from './auth.js';
import { Fleet } from './fleet.js';
import { ingestRoutes } from './ingest.js';
import { LiveFeed } from './live-feed.js';
import { MetricsPage } from './metrics.js';
import type { ResolvedOptions } from './options.js';
import { dashboardPage, securityHeaders } from './page.js';
import { answerProblem, HttpProblem, notFound } from './problem.js';
import { VERSION } from './version.js';

/** What a process that finds the port taken looks for in `/healthz`, to know a Holdup when it meets one. */
const SERVICE = 'holdup-collector';

/** The collector's HTTP and WebSocket server, not listening yet. */
export class CollectorServer {
  readonly http: Server;
  readonly #auth: Auth;
  readonly #feed: LiveFeed;
  readonly #livePath: string;
  #stopping = false;

  constructor(options: ResolvedOptions, now: () => number) {
    const fleet = new Fleet(now());
    this.#auth = new Auth(options);
    this.#feed = new LiveFeed(fleet, now);
    this.#livePath = `${options.basePath}/api/v1/live`;
    const app = this.#app(options, fleet, now);
    this.http = createServer({ requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 65_000 }, app);
    this.http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  get port(): number {
    const address = this.http.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
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
  }

  #app(options: ResolvedOptions, fleet: Fleet, now: () => number): Express {
    const metrics = new MetricsPage(fleet, this.#feed, now);
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
      if (this.#stopping) throw new HttpProblem(503, 'The collector is stopping.');
      response.set('Cache-Control', 'no-store').json({ service: SERVICE, status: 'ready' });
    });
    router.get('/', this.#auth.login);
    router.use((request: Request, _response: Response, next: NextFunction) => {
      this.#auth.check(request, this.port);
      next();
    });
    router.use(ingestRoutes(fleet, now));
    router.get('/metrics', async (_request, response) => {
      response.type(metrics.contentType).send(await metrics.text());
    });
    router.get('/api/v1/live', () => {
      throw new HttpProblem(426, 'The live feed is a WebSocket.', { Upgrade: 'websocket' });
    });
    router.use('/api/v1', apiRoutes(fleet, now));
    router.use(dashboardPage());

    const app = express();
    app.disable('x-powered-by');
    app.disable('etag');
    app.set('query parser', 'simple');
    app.use(securityHeaders);
    app.use(options.basePath === '' ? '/' : options.basePath, router);
    app.use(notFound);
    app.use(answerProblem);
    return app;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    try {
      const path = (request.url ?? '').split('?')[0];
      if (path !== this.#livePath) throw new HttpProblem(404, 'There is no WebSocket at this path.');
      this.#auth.check(request, this.port);
      this.#auth.checkOrigin(request);
      if (this.#feed.isFull || this.#stopping) throw new HttpProblem(503, 'There are too many pages connected.');
    } catch (error) {
      refuse(socket, error instanceof HttpProblem ? error : new HttpProblem(500, 'The collector made a mistake.'));
      return;
    }
    this.#feed.accept(request, socket, head);
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
