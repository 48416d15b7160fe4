import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { ErrorRequestHandler, Request } from 'express';
import type { Problem } from '../protocol/index.js';
import type { Log } from './log.js';

/** An error that is the sender's to read: it becomes an `application/problem+json` answer. */
export class HttpProblem extends Error {
  override readonly name: string = 'HttpProblem';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.status = status;
    this.headers = headers;
  }

  toJSON(): Problem {
    const title = STATUS_CODES[this.status] ?? 'Error';
    return { type: 'about:blank', title, status: this.status, detail: this.message };
  }
}

/** Answers every error. Only what was written for the sender is told; anything else is for the log alone. */
export function answerProblem(log: Log): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    writeProblem(response, toLoggedProblem(error, log));
  };
}

/** An answer's error as the sender reads it. */
export function writeProblem(
  response: ServerResponse,
  problem: HttpProblem,
  body: string | Uint8Array = JSON.stringify(problem),
  type = 'application/problem+json; charset=utf-8',
): void {
  const length = Buffer.byteLength(body);
  response.writeHead(problem.status, { ...problem.headers, 'Content-Type': type, 'Content-Length': length });
  response.end(body);
}

/** A mistake of our own is for the log. */
export function toLoggedProblem(error: unknown, log: Log): HttpProblem {
  const problem = toProblem(error);
  if (problem.status === 500) log.error({ err: error }, 'The collector made a mistake.');
  return problem;
}

function toProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  const { status, type } = (typeof error === 'object' && error !== null ? error : {}) as BodyError;
  // Express's own body reader and router.
  if (type === 'entity.too.large') return new HttpProblem(413, 'The body is too large, once it is decompressed.');
  if (type === 'encoding.unsupported') {
    return new HttpProblem(415, 'Content-Encoding is not supported; accepted are gzip, deflate, br and identity.');
  }
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new HttpProblem(
      status,
      type === 'request.aborted' ? 'The request was aborted.' : 'The request cannot be read.',
    );
  }
  return new HttpProblem(500, 'The collector made a mistake. It is not in the request.');
}

interface BodyError {
  readonly status?: unknown;
  readonly type?: unknown;
}

export function notFound(request: Request): never {
  throw new HttpProblem(404, `There is nothing at ${request.method} ${request.path.slice(0, 200)}.`);
}
