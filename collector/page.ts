import { fileURLToPath } from 'node:url';
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { HttpProblem } from './problem.js';

/** The built dashboard lies beside the built collector. */
const DASHBOARD = fileURLToPath(new URL('../dashboard/', import.meta.url));

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

export function securityHeaders(_request: Request, response: Response, next: NextFunction): void {
  response.set({
    'Content-Security-Policy': CONTENT_SECURITY_POLICY,
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
  });
  next();
}

/** `GET /`: the dashboard. Its links are relative and its pages are fragments, so it works under any path. */
export function dashboardPage(): RequestHandler[] {
  const files = express.static(DASHBOARD, {
    redirect: false,
    setHeaders: (response, path) => {
      // Vite puts a hash of the content into the names under assets/.
      const hashed = /[\\/]assets[\\/]/.test(path);
      response.setHeader('Cache-Control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  const missing: RequestHandler = (request, _response, next) => {
    if (request.path !== '/' || (request.method !== 'GET' && request.method !== 'HEAD')) {
      next();
      return;
    }
    throw new HttpProblem(503, 'The dashboard is not built. Run: npm run build');
  };
  return [files, missing];
}
