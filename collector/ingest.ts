import { type NextFunction, type Request, type RequestHandler, type Response, Router } from 'express';
import { encodeStatus, type PartialSuccess } from '../protocol/index.js';
import type { Fleet } from './fleet.js';
import { COLLECTOR_LIMITS } from './limits.js';
import { answerOtlp, isProtobuf, OtlpBodies, PROTOBUF_TYPE, requireOtlpType } from './otlp-body.js';
import { securityHeaders } from './page.js';
import type { Persistence } from './persistence.js';
import { HttpProblem, toProblem } from './problem.js';
import { readBody } from './request-body.js';
import { SenderPace } from './sender-pace.js';

/** `POST /v1/metrics` and `/v1/logs`: OTLP/HTTP in protobuf or JSON, plain or compressed, with OTLP's partial-success answers. */
export function ingestRoutes(
  fleet: Fleet,
  kept: () => Persistence,
  authorize: RequestHandler,
  now: () => number,
): Router {
  const router = Router();
  const bodies = new OtlpBodies();
  const pace = new SenderPace(now);
  const before = [authorize, limitConcurrency(), pace.refuseUnread, requireType, readBody()];

  router.post('/v1/metrics', ...before, (request, response) => {
    const { reports, ignoredPoints } = bodies.metrics(request);
    pace.admit(request, reports);
    let refused = 0;
    for (const report of reports) if (fleet.recordReport(report, now()) === 'no room') refused++;
    fleet.metrics.ignoredPoints += ignoredPoints;
    answerOtlp(request, response, 'rejectedDataPoints', outcome('data points', ignoredPoints, refused));
  });

  router.post('/v1/logs', ...before, async (request, response) => {
    const { batches, ignoredRecords } = bodies.logs(request);
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

  router.use(['/v1/metrics', '/v1/logs'], authorize, (request: Request) => {
    if (request.method !== 'POST') throw new HttpProblem(405, 'Send it with POST.', { Allow: 'POST' });
  });
  router.use('/v1', (error: unknown, request: Request, response: Response, next: NextFunction) => {
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

function requireType(request: Request, _response: Response, next: NextFunction): void {
  requireOtlpType(request);
  next();
}

function outcome(things: string, ignored: number, rejected: number): PartialSuccess {
  const notes: string[] = [];
  if (ignored > 0) notes.push(`${ignored} ${things} are none of Holdup's and were left aside.`);
  if (rejected > 0) notes.push('There are more processes than this collector keeps.');
  return { rejected, errorMessage: notes.join(' ') };
}
