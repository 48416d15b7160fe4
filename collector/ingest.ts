import { IncomingMessage, ServerResponse } from 'node:http';
import express, { type Request, type Response } from 'express';
import { encodeStatus, type PartialSuccess } from '../protocol/index.js';
import type { Fleet } from './fleet.js';
import { COLLECTOR_LIMITS } from './limits.js';
import type { Log } from './log.js';
import { answerOtlp, isProtobuf, OtlpBodies, PROTOBUF_TYPE, requireOtlpType } from './otlp-body.js';
import { securityHeaders } from './page.js';
import type { Persistence } from './persistence.js';
import { HttpProblem, toLoggedProblem, writeProblem } from './problem.js';
import { readBody } from './request-body.js';
import { SenderPace } from './sender-pace.js';

export interface IngestOptions {
  /** Without a slash at its end. */
  readonly basePath: string;
  readonly fleet: Fleet;
  readonly kept: () => Persistence;
  /** Throws when the request may not write; resolves once what it writes can be kept. */
  readonly authorize: (request: IncomingMessage) => Promise<void>;
  readonly log: Log;
  readonly now: () => number;
}

/** Takes a request, or hands it on. */
export type Ingest = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/**
 * `POST /v1/metrics` and `/v1/logs`: OTLP/HTTP in protobuf or JSON, plain or compressed, with OTLP's partial-success
 * answers. An app of its own that stands before the one for people: there are thousands of reports a second.
 */
export function ingestApp({ basePath, fleet, kept, authorize, log, now }: IngestOptions): Ingest {
  const bodies = new OtlpBodies();
  const pace = new SenderPace(now);
  let running = 0;

  /** More at once than the limit would only pile up in memory; the sender's queue is the better place. */
  const take =
    (record: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void | Promise<void>) =>
    async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      await authorize(request);
      if (running >= COLLECTOR_LIMITS.ingestAtOnce) {
        throw new HttpProblem(503, 'Too many reports at once; send it again in a moment.', { 'Retry-After': '1' });
      }
      running++;
      response.once('close', () => running--);
      pace.refuseUnread(request);
      requireOtlpType(request);
      await record(request, response, await readBody(request));
    };

  const takeMetrics = take((request, response, body) => {
    const { reports, ignoredPoints } = bodies.metrics(request, body);
    pace.admit(request, reports);
    let refused = 0;
    for (const report of reports) if (fleet.recordReport(report, now()) === 'no room') refused++;
    fleet.metrics.ignoredPoints += ignoredPoints;
    answerOtlp(request, response, 'rejectedDataPoints', outcome('data points', ignoredPoints, refused));
  });

  const takeLogs = take(async (request, response, body) => {
    const { batches, ignoredRecords } = bodies.logs(request, body);
    pace.admit(request, batches);
    let refused = 0;
    for (const batch of batches) if (fleet.recordBatch(batch, now()) === 'no room') refused += batch.incidents.length;
    fleet.metrics.ignoredRecords += ignoredRecords;
    // What is acknowledged survives a crash; one that comes again after this is known and counted once.
    if (batches.length > 0 && !(await kept().saved())) {
      throw new HttpProblem(503, 'The store is slow; send it again in a moment.', { 'Retry-After': '2' });
    }
    answerOtlp(request, response, 'rejectedLogRecords', outcome('log records', ignoredRecords, refused));
  });

  // Express knows an error handler by its fourth parameter.
  const refuse = (error: unknown, request: IncomingMessage, response: ServerResponse, _next: unknown): void => {
    const problem = toLoggedProblem(error, log);
    fleet.metrics.refuse(problem.status);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    securityHeaders(response);
    // Whoever speaks protobuf reads errors in it too.
    if (isProtobuf(request)) writeProblem(response, problem, encodeStatus(problem.message), PROTOBUF_TYPE);
    else writeProblem(response, problem);
  };

  const app = express();
  // A prototype of Express's own would make each request half as costly again, and nothing here needs its methods.
  app.request = IncomingMessage.prototype as typeof app.request;
  app.response = ServerResponse.prototype as typeof app.response;
  app.disable('x-powered-by');
  app.post(`${basePath}/v1/metrics`, takeMetrics);
  app.post(`${basePath}/v1/logs`, takeLogs);
  app.all([`${basePath}/v1/metrics`, `${basePath}/v1/logs`], async (request) => {
    await authorize(request);
    throw new HttpProblem(405, 'Send it with POST.', { Allow: 'POST' });
  });
  app.use(refuse);
  return (request, response, next) => app(request as Request, response as Response, next);
}

function outcome(things: string, ignored: number, rejected: number): PartialSuccess {
  const notes: string[] = [];
  if (ignored > 0) notes.push(`${ignored} ${things} are none of Holdup's and were left aside.`);
  if (rejected > 0) notes.push('There are more processes than this collector keeps.');
  return { rejected, errorMessage: notes.join(' ') };
}
