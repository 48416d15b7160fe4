import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { NextFunction, Request, Response } from 'express';
import { isLoopback, type ResolvedOptions } from './options.js';
import { HttpProblem } from './problem.js';

/** How long a browser stays logged in. */
const SESSION_MS = 30 * 86_400_000;
/** How long the login link that is printed at start is good for. */
const LOGIN_LINK_MS = 3_600_000;

/** `write`: reports and incidents, and nothing else. `read`: everything else. */
export type Access = 'read' | 'write';

/** Decides who may talk to the collector. The same checks stand before HTTP, ingest and the WebSocket upgrade. */
export class Auth {
  readonly #options: ResolvedOptions;
  readonly #now: () => number;
  readonly #token: Buffer;
  readonly #ingestToken: Buffer;
  /** Good once; empty when used or when no token is set. */
  #loginCode = '';
  readonly #loginUntil: number;

  constructor(options: ResolvedOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
    this.#token = digest(options.token);
    this.#ingestToken = digest(options.ingestToken);
    if (options.token !== '') this.#loginCode = randomBytes(24).toString('base64url');
    this.#loginUntil = now() + LOGIN_LINK_MS;
  }

  get loginCode(): string {
    return this.#loginCode;
  }

  /**
   * Throws a problem unless the request may pass. Without a token everyone on this machine may, except a web page of
   * another origin: one whose host name was made to resolve to this machine (hence the Host check), and one that posts
   * here (hence the Origin check).
   */
  check(request: IncomingMessage, port: number, access: Access): void {
    if (request.method !== 'GET' && request.method !== 'HEAD') this.checkOrigin(request);
    const { token, ingestToken } = this.#options;
    if (token === '') this.#checkHost(request);
    if (token === '' && (ingestToken === '' || access === 'read')) return;
    const bearer = /^Bearer +([\x21-\x7e]+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (bearer !== undefined && this.#isAccepted(bearer, access)) return;
    // A browser has no business writing reports.
    if (access === 'read' && this.#hasSession(request, port)) return;
    throw new HttpProblem(
      401,
      access === 'write'
        ? 'A token is required to report: send it as "Authorization: Bearer …".'
        : 'A token is required: send it as "Authorization: Bearer …", or log in at / with a browser.',
      { 'WWW-Authenticate': 'Bearer realm="holdup"' },
    );
  }

  /** A browser tells where a page comes from; only our own may open the live feed or change anything. */
  checkOrigin(request: IncomingMessage): void {
    const { origin } = request.headers;
    if (origin === undefined) return;
    let host: string | undefined;
    try {
      host = new URL(origin).host;
    } catch {
      host = undefined;
    }
    if (host === undefined || host !== withoutDefaultPort(this.#hostOf(request), origin)) {
      throw new HttpProblem(403, 'This Origin may not do that.');
    }
  }

  /** `GET /?login=…`: the one-time code becomes a cookie and leaves the address bar. */
  followLink = (request: Request, response: Response, next: NextFunction): void => {
    const { login } = request.query;
    if (login === undefined || request.method !== 'GET') {
      next();
      return;
    }
    if (this.#options.token !== '' && !this.#hasSession(request, request.socket.localPort ?? 0)) {
      if (typeof login !== 'string' || !this.#takeLoginCode(login)) {
        throw new HttpProblem(401, 'This login link was used already or is too old. Log in with the token.');
      }
      this.#startSession(request, response);
    }
    // Relative, so that it holds behind a proxy too.
    response.set('Cache-Control', 'no-store').redirect(303, './');
  };

  /** `POST /login` with `token=…`, from the page that asks for it. */
  logIn = (request: Request, response: Response): void => {
    this.checkOrigin(request);
    const token = (request.body as { token?: unknown } | undefined)?.token;
    if (this.#options.token !== '') {
      if (typeof token !== 'string' || !timingSafeEqual(digest(token.trim()), this.#token)) {
        throw new HttpProblem(401, 'This token is not the right one.');
      }
      this.#startSession(request, response);
    }
    response.set('Cache-Control', 'no-store').redirect(303, './');
  };

  #isAccepted(bearer: string, access: Access): boolean {
    const { token, ingestToken } = this.#options;
    const given = digest(bearer);
    const isToken = token !== '' && timingSafeEqual(given, this.#token);
    const isIngestToken = ingestToken !== '' && timingSafeEqual(given, this.#ingestToken);
    return isToken || (access === 'write' && isIngestToken);
  }

  #takeLoginCode(code: string): boolean {
    const isGood =
      this.#loginCode !== '' &&
      this.#now() < this.#loginUntil &&
      timingSafeEqual(digest(code), digest(this.#loginCode));
    if (isGood) this.#loginCode = '';
    return isGood;
  }

  /** What the browser keeps says until when, and proves that it knew the token without being one. */
  #startSession(request: Request, response: Response): void {
    const until = String(this.#now() + SESSION_MS);
    response.cookie(cookieName(request.socket.localPort ?? 0), `${until}.${this.#sign(until)}`, {
      httpOnly: true,
      // Not strict: a link to an incident in a chat must find the reader logged in. Changes ask for the Origin anyway.
      sameSite: 'lax',
      secure: this.#isSecure(request),
      path: `${this.#options.basePath}/`,
      maxAge: SESSION_MS,
    });
  }

  #hasSession(request: IncomingMessage, port: number): boolean {
    const [until = '', proof = ''] = (cookieOf(request, cookieName(port)) ?? '').split('.');
    if (!/^\d{1,16}$/.test(until) || !timingSafeEqual(digest(proof), digest(this.#sign(until)))) return false;
    return this.#now() < Number(until);
  }

  #sign(until: string): string {
    return createHmac('sha256', this.#options.token).update(`holdup session ${until}`).digest('base64url');
  }

  #checkHost(request: IncomingMessage): void {
    if (this.#options.trustProxy) return;
    const host = hostname(request.headers.host ?? '');
    if (isLoopback(host) || host.endsWith('.localhost')) return;
    throw new HttpProblem(
      403,
      'Without a token the collector answers only to localhost and loopback addresses. Behind a proxy, set trustProxy.',
    );
  }

  #hostOf(request: IncomingMessage): string {
    const forwarded = this.#options.trustProxy ? request.headers['x-forwarded-host'] : undefined;
    const first = (Array.isArray(forwarded) ? forwarded[0] : forwarded)?.split(',')[0]?.trim();
    return (first ?? request.headers.host ?? '').toLowerCase();
  }

  #isSecure(request: IncomingMessage): boolean {
    return this.#options.trustProxy && request.headers['x-forwarded-proto'] === 'https';
  }
}

/** Compared by digest: equal lengths, and no time that depends on where two secrets differ. */
function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}

/** Cookies do not tell ports apart, so the name does. */
function cookieName(port: number): string {
  return `holdup_${port}`;
}

function cookieOf(request: IncomingMessage, name: string): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

/** An Origin leaves its scheme's own port out; a Host header may spell it. */
function withoutDefaultPort(host: string, origin: string): string {
  return host.replace(origin.startsWith('https:') ? /:443$/ : /:80$/, '');
}

function hostname(host: string): string {
  return host.startsWith('[') ? host.slice(1, host.indexOf(']')) : host.replace(/:\d*$/, '').toLowerCase();
}
