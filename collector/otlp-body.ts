import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  decodeLogs,
  encodeResponse,
  fromOtlpLogs,
  fromOtlpMetrics,
  MetricsProtobufReader,
  type PartialSuccess,
  type ReadLogs,
  type ReadMetrics,
} from '../protocol/index.js';
import { parseJson } from './json-text.js';
import { HttpProblem } from './problem.js';

const JSON_TYPE = 'application/json';
export const PROTOBUF_TYPE = 'application/x-protobuf';

/** The two encodings of OTLP/HTTP. An answer comes in the one that was asked in. */
export function isProtobuf(request: IncomingMessage): boolean {
  return contentType(request) === PROTOBUF_TYPE;
}

export function requireOtlpType(request: IncomingMessage): void {
  const type = contentType(request);
  if (type === JSON_TYPE || type === PROTOBUF_TYPE) return;
  throw new HttpProblem(
    415,
    `Content-Type is not supported; accepted are ${PROTOBUF_TYPE} and ${JSON_TYPE} (OTLP/HTTP).`,
    { Accept: `${PROTOBUF_TYPE}, ${JSON_TYPE}` },
  );
}

/** Reads the bodies of `POST /v1/metrics` and `/v1/logs`. It remembers what one body tells the next. */
export class OtlpBodies {
  readonly #metrics = new MetricsProtobufReader();

  metrics(request: IncomingMessage, body: Buffer): ReadMetrics {
    if (isProtobuf(request)) return readProtobuf(() => this.#metrics.read(body));
    return readOtlp(() => fromOtlpMetrics(readJson(body, 'resourceMetrics')));
  }

  logs(request: IncomingMessage, body: Buffer): ReadLogs {
    const logs = isProtobuf(request) ? readProtobuf(() => decodeLogs(body)) : readJson(body, 'resourceLogs');
    return readOtlp(() => fromOtlpLogs(logs));
  }
}

/** OTLP: a message with nothing rejected is a hint, with something rejected it is a partial success. */
export function answerOtlp(
  request: IncomingMessage,
  response: ServerResponse,
  field: 'rejectedDataPoints' | 'rejectedLogRecords',
  { rejected, errorMessage }: PartialSuccess,
): void {
  const isPlain = rejected === 0 && errorMessage === '';
  let body: string | Uint8Array = isPlain ? '' : encodeResponse({ rejected, errorMessage });
  const isBinary = isProtobuf(request);
  if (!isBinary)
    body = isPlain ? '{}' : JSON.stringify({ partialSuccess: { [field]: String(rejected), errorMessage } });
  response.writeHead(200, {
    'Content-Type': isBinary ? PROTOBUF_TYPE : JSON_TYPE,
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}

function contentType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

function readProtobuf<T>(read: () => T): T {
  try {
    return read();
  } catch {
    throw new HttpProblem(400, 'The body is not an OTLP request in protobuf.');
  }
}

/** The readers forgive much; what they trip over is no OTLP. */
function readOtlp<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof HttpProblem ? error : new HttpProblem(400, 'The body is not an OTLP request.');
  }
}

function readJson(body: Buffer, field: 'resourceMetrics' | 'resourceLogs'): object {
  // In protobuf a request that asks for nothing is no bytes at all; in JSON it is `{}`.
  if (body.length === 0) throw new HttpProblem(400, 'The body is empty.');
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
