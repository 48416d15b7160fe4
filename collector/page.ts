import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { legible, type Overview, sentenceParts } from '../protocol/index.js';
import { HttpProblem } from './problem.js';

/** The built dashboard lies beside the built collector. */
const DASHBOARD = fileURLToPath(new URL('../dashboard/', import.meta.url));
/** As the page itself cuts it, UTF-16 units. */
const SENTENCE_LENGTH = 600;

/** Nothing but our own files: no inline script or style, no other origin, no frame around us. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const SECURITY_HEADERS = new Map(
  Object.entries({
    'Content-Security-Policy': CONTENT_SECURITY_POLICY,
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
  }),
);

export function securityHeaders(response: ServerResponse): void {
  response.setHeaders(SECURITY_HEADERS);
}

/**
 * `GET /`: the dashboard, with the verdict in its markup, so that it is read before any script has run. Its links are
 * relative and its pages are fragments, so it works under any path.
 */
export function dashboardPage(overview: () => Overview): RequestHandler[] {
  const page: RequestHandler = async (request, response, next) => {
    if (request.path !== '/' || (request.method !== 'GET' && request.method !== 'HEAD')) {
      next();
      return;
    }
    const html = await readFile(`${DASHBOARD}index.html`, 'utf8').catch(() => {
      throw new HttpProblem(503, 'The dashboard is not built. Run: npm run build');
    });
    const verdict = verdictMarkup(overview());
    response.set('Cache-Control', 'no-store').type('html');
    response.send(html.replace(/<!--verdict-->.*<!--\/verdict-->/s, () => verdict));
  };
  const files = express.static(DASHBOARD, {
    index: false,
    redirect: false,
    setHeaders: (response, path) => {
      const [, type, form] = /(\.\w+)\.(br|gz)$/.exec(path) ?? [];
      if (type !== undefined) {
        response.setHeader('Content-Type', TYPES[type] ?? 'application/octet-stream');
        response.setHeader('Content-Encoding', form === 'br' ? 'br' : 'gzip');
      }
      // Vite puts a hash of the content into the names under assets/.
      const hashed = /[\\/]assets[\\/]/.test(path);
      response.setHeader('Cache-Control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  return [page, compressed, files];
}

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

/** The build put the compressed forms of each asset beside it: asks for the one that the browser reads. */
function compressed(request: Request, response: Response, next: NextFunction): void {
  if (/^\/assets\/[^/]+\.(?:js|css)$/.test(request.path)) {
    response.vary('Accept-Encoding');
    const encoding = request.acceptsEncodings('br', 'gzip');
    if (encoding === 'br') request.url = `${request.path}.br`;
    if (encoding === 'gzip') request.url = `${request.path}.gz`;
  }
  next();
}

function verdictMarkup({ verdict, status }: Overview): string {
  const sentence = sentenceParts(legible(verdict, SENTENCE_LENGTH)).map(({ kind, text }) => {
    const safe = escaped(text);
    if (kind === 'words') return safe;
    return kind === 'code' ? `<code>${safe}</code>` : `<b>${safe}</b>`;
  });
  return `<section class="verdict is-${status}"><p class="sentence">${sentence.join('')}</p></section>`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] as string);
}
