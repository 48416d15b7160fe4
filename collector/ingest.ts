import express, { type NextFunction, type Request, type RequestHandler, type Response, Router } from 'express';
import { type ExportLogsRequest, type ExportMetricsRequest, fromOtlpLogs, fromOtlpMetrics } from '../protocol/index.js';
import type { Fleet } from './fleet.js';
import { parseJson } from './json-text.js';
import { COLLECTOR_LIMITS } from './limits.js';
import type { Persistence } from './persistence.js';
import { HttpProblem } from './problem.js';

/** `POST /v1/metrics` and `/v1/logs`: OTLP/HTTP in JSON, plain or compressed, with OTLP's partial-success answers. */
export function ingestRoutes(fleet: Fleet, kept: () => Persistence, now: () => number): Router {
  const router = Router();
  const before = [limitConcurrency(), requireJson, readBody()];

  router.post('/v1/metrics', ...before, (request, response) => {
    const body = parseOtlp(request.body, 'resourceMetrics') as ExportMetricsRequest;
    const { reports, ignoredPoints } = read(() => fromOtlpMetrics(body));
    let refused = 0;
    for (const report of reports) if (fleet.recordReport(report, now()) === 'no room') refused++;
    fleet.metrics.ignoredPoints += ignoredPoints;
    answer(response, 'rejectedDataPoints', 'data points', ignoredPoints, refused);
  });

  router.post('/v1/logs', ...before, async (request, response) => {
    const body = parseOtlp(request.body, 'resourceLogs') as ExportLogsRequest;
    const { batches, ignoredRecords } = read(() => fromOtlpLogs(body));
    let refused = 0;
    for (const batch of batches) if (fleet.recordBatch(batch, now()) === 'no room') refused += batch.incidents.length;
    fleet.metrics.ignoredRecords += ignoredRecords;
    // What is acknowledged survives a crash; one that comes again after this is known and counted once.
    if (batches.length > 0 && !(await kept().saved())) {
      throw new HttpProblem(503, 'The store is slow; send it again in a moment.', { 'Retry-After': '2' });
    }
    answer(response, 'rejectedLogRecords', 'log records', ignoredRecords, refused);
  });

  router.use(['/v1/metrics', '/v1/logs'], (request: Request) => {
    if (request.method !== 'POST') throw new HttpProblem(405, 'Send it with POST.', { Allow: 'POST' });
  });
  router.use('/v1', (error: unknown, _request: Request, _response: Response, next: NextFunction) => {
    const status = (error as { status?: unknown } | null)?.status;
    fleet.metrics.refuse(typeof status === 'number' ? status : 500);
    next(error);
  });
  return router;
}

/** More at once than this would only pile up in memory; the sender's queue is the better place. */
function limitConcurrency(): RequestHandler {
  let running = 0;
  return (_request, response, next) => {
    if (running >= COLLECTOR_LIMITS.ingestAtOnce) {
      throw new HttpProblem(503, 'Too many reports at once; send it again in a moment.', { 'Retry-After': '1' });
    }
    running++;
    response.once('close', () => running--);
    next();
  };
}

function requireJson(request: Request, _response: Response, next: NextFunction): void {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new HttpProblem(415, 'Content-Type is not supported; accepted is application/json (OTLP/HTTP in JSON).', {
      Accept: 'application/json',
    });
  }
  next();
}

/** Inflates as it reads and stops at the limit, so a decompression bomb never unfolds. */
function readBody(): RequestHandler {
  return express.raw({ type: () => true, limit: COLLECTOR_LIMITS.bodyBytes, inflate: true });
}

function parseOtlp(body: unknown, field: 'resourceMetrics' | 'resourceLogs'): object {
  if (!Buffer.isBuffer(body) || body.length === 0) throw new HttpProblem(400, 'The body is empty.');
  const parsed = parseJson(body);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new HttpProblem(400, `The body is not an OTLP request: an object with "${field}" is expected.`);
  }
  const list = (parsed as Record<string, unknown>)[field];
  if (list !== undefined && !Array.isArray(list)) {
    throw new HttpProblem(400, `The body is not an OTLP request: "${field}" is not a list.`);
  }
  return parsed;
}

/** The readers forgive much; what they trip over is no OTLP. */
function read<T>(reader: () => T): T {
  try {
    return reader();
  } catch {
    throw new HttpProblem(400, 'The body is JSON, but not an OTLP request.');
  }
}

/** OTLP: a message with nothing rejected is a hint, with something rejected it is a partial success. */
function answer(response: Response, field: string, things: string, ignored: number, refused: number): void {
  const notes: string[] = [];
  if (ignored > 0) notes.push(`${ignored} ${things} are none of Holdup's and were left aside.`);
  if (refused > 0) notes.push('There are more processes than this collector keeps.');
  response.json(
    notes.length === 0 ? {} : { partialSuccess: { [field]: String(refused), errorMessage: notes.join(' ') } },
  );
}
