import type { NextFunction, Request, Response } from 'express';
import { HttpProblem } from './problem.js';

/** No script, no style of its own, nothing from outside: it is shown to strangers. */
const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Log in - Holdup</title>
<main>
<h1>Holdup</h1>
<form method="post" action="login">
<p><label for="token">The token this collector was started with</label></p>
<p><input id="token" name="token" type="password" autocomplete="current-password" required autofocus size="40">
<button>Log in</button></p>
</form>
</main>
</html>
`;

/** A person who opens the page without being logged in is asked for the token; everyone else gets the problem. */
export function askForToken(error: unknown, request: Request, response: Response, next: NextFunction): void {
  const isPerson = (request.path === '/' || request.path === '/login') && request.accepts(['json', 'html']) === 'html';
  if (!isPerson || !(error instanceof HttpProblem) || error.status !== 401) {
    next(error);
    return;
  }
  response.status(401).set(error.headers).set('Cache-Control', 'no-store');
  // Or the browser's own dialog would ask for a name and a password.
  response.removeHeader('WWW-Authenticate');
  response.set(
    'Content-Security-Policy',
    "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  );
  response.type('html').send(PAGE);
}
