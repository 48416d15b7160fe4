import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { NextFunction, Request, Response } from 'express';
import { isLoopback, type ResolvedOptions } from './options.js';
import { HttpProblem } from './problem.js';

/** Decides who may talk to the collector. The same checks stand before HTTP, ingest and the WebSocket upgrade. */
export class Auth {
  readonly #options: ResolvedOptions;
  readonly #token: Buffer;
  readonly #session: string;

  constructor(options: ResolvedOptions) {
    this.#options = options;
    this.#token = digest(options.token);
    // What the browser keeps proves that it knew the token, and is of no use as one.
    this.#session = createHmac('sha256', options.token).update('holdup session').digest('base64url');
  }

  /**
   * Throws a problem unless the request may pass. Without a token everyone on this machine may, except a web page of
   * another origin whose host name was made to resolve to this machine: hence the Host check.
   */
  check(request: IncomingMessage, port: number): void {
    if (this.#options.token === '') {
      this.#checkHost(request);
      return;
    }
    const bearer = /^Bearer +([\x21-\x7e]+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (bearer !== undefined && this.#isToken(bearer)) return;
    const cookie = cookieOf(request, cookieName(port));
    if (cookie !== undefined && timingSafeEqual(digest(cookie), digest(this.#session))) return;
    throw new HttpProblem(
      401,
      'A token is required: send it as "Authorization: Bearer …", or open /?token=… once in the browser.',
      { 'WWW-Authenticate': 'Bearer realm="holdup"' },
    );
  }

  /** A browser tells where a page comes from; only our own may open the live feed. */
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
      throw new HttpProblem(403, 'This Origin may not open the live feed.');
    }
  }

  /** `GET /?token=…`: a good token becomes a cookie and leaves the address bar. */
  login = (request: Request, response: Response, next: NextFunction): void => {
    const { token } = request.query;
    if (token === undefined || request.method !== 'GET') {
      next();
      return;
    }
    if (this.#options.token !== '') {
      if (typeof token !== 'string' || !this.#isToken(token))
        throw new HttpProblem(401, 'This token is not the right one.');
      response.cookie(cookieName(request.socket.localPort ?? 0), this.#session, {
        httpOnly: true,
        sameSite: 'strict',
        secure: this.#isSecure(request),
        path: '/',
      });
    }
    // Relative, so that it holds behind a proxy too.
    response.set('Cache-Control', 'no-store').redirect(303, './');
  };

  #isToken(value: string): boolean {
    return timingSafeEqual(digest(value), this.#token);
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

/** Compared by digest: equal lengths, and no time that depends on where two tokens differ. */
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
