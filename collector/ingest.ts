import type { IncomingMessage } from 'node:http';
import type { ErrorRequestHandler, Express, Request, RequestHandler, Response } from 'express';
import { encodeStatus, type PartialSuccess } from '../protocol/index.js';
import type { Fleet } from './fleet.js';
import { COLLECTOR_LIMITS } from './limits.js';
import { answerOtlp, isProtobuf, OtlpBodies, PROTOBUF_TYPE, requireOtlpType } from './otlp-body.js';
import { securityHeaders } from './page.js';
import type { Persistence } from './persistence.js';
import { HttpProblem, toProblem } from './problem.js';
import { readBody } from './request-body.js';
import { SenderPace } from './sender-pace.js';

export interface IngestOptions {
  /** Without a slash at its end. */
  readonly basePath: string;
  readonly fleet: Fleet;
  readonly kept: () => Persistence;
  /** Throws when the request may not write; resolves once what it writes can be kept. */
  readonly authorize: (request: IncomingMessage) => Promise<void>;
  readonly now: () => number;
}

/**
 * `POST /v1/metrics` and `/v1/logs`: OTLP/HTTP in protobuf or JSON, plain or compressed, with OTLP's partial-success
 * answers. One handler each, and the first of the app's: there are thousands of reports a second.
 */
export function mountIngest(app: Express, { basePath, fleet, kept, authorize, now }: IngestOptions): void {
  const bodies = new OtlpBodies();
  const pace = new SenderPace(now);
  let running = 0;

  /** More at once than the limit would only pile up in memory; the sender's queue is the better place. */
  const take =
    (record: (request: Request, response: Response, body: Buffer) => void | Promise<void>): RequestHandler =>
    async (request, response) => {
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

  const refuse: ErrorRequestHandler = (error: unknown, request, response, next) => {
    const { status, message } = toProblem(error);
    fleet.metrics.refuse(status);
    securityHeaders(response);
    // Whoever speaks protobuf reads errors in it too.
    if (isProtobuf(request) && error instanceof HttpProblem && !response.headersSent) {
      response
        .status(status)
        .set(error.headers)
        .type(PROTOBUF_TYPE)
        .send(Buffer.from(encodeStatus(message)));
    } else next(error);
  };

  app.post(`${basePath}/v1/metrics`, takeMetrics);
  app.post(`${basePath}/v1/logs`, takeLogs);
  app.all([`${basePath}/v1/metrics`, `${basePath}/v1/logs`], async (request) => {
    await authorize(request);
    throw new HttpProblem(405, 'Send it with POST.', { Allow: 'POST' });
  });
  app.use(`${basePath}/v1`, refuse);
}

function outcome(things: string, ignored: number, rejected: number): PartialSuccess {
  const notes: string[] = [];
  if (ignored > 0) notes.push(`${ignored} ${things} are none of Holdup's and were left aside.`);
  if (rejected > 0) notes.push('There are more processes than this collector keeps.');
  return { rejected, errorMessage: notes.join(' ') };
}
