import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { RequestHandler } from 'express';
import { COLLECTOR_LIMITS } from './limits.js';
import { HttpProblem } from './problem.js';

const TOO_LARGE = 'The body is too large, once it is decompressed.';
/** Most reports unfold into one chunk: one trip to the thread pool. */
const CHUNK_BYTES = 128 * 1024;

const DECOMPRESS: Readonly<Record<string, (body: Buffer, options: object) => Promise<Buffer>>> = {
  gzip: promisify(gunzip) as (body: Buffer, options: object) => Promise<Buffer>,
  deflate: promisify(inflate) as (body: Buffer, options: object) => Promise<Buffer>,
  br: promisify(brotliDecompress) as (body: Buffer, options: object) => Promise<Buffer>,
};

/** Reads the whole body as bytes. It stops at the limit while it unfolds, so a decompression bomb never does. */
export function readBody(): RequestHandler {
  const { bodyBytes } = COLLECTOR_LIMITS;
  return async (request, _response, next) => {
    const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
    const decompress = Object.hasOwn(DECOMPRESS, encoding) ? DECOMPRESS[encoding] : undefined;
    if (decompress === undefined && encoding !== 'identity') {
      throw new HttpProblem(415, 'Content-Encoding is not supported; accepted are gzip, deflate, br and identity.');
    }
    if (Number(request.headers['content-length'] ?? 0) > bodyBytes) throw new HttpProblem(413, TOO_LARGE);
    const chunks: Buffer[] = [];
    let length = 0;
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        length += chunk.length;
        if (length > bodyBytes) break;
        chunks.push(chunk);
      }
    } catch {
      throw new HttpProblem(400, 'The request was aborted.');
    }
    if (length > bodyBytes) throw new HttpProblem(413, TOO_LARGE);
    const body = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, length);
    try {
      const options = { maxOutputLength: bodyBytes, chunkSize: CHUNK_BYTES };
      request.body = decompress === undefined ? body : await decompress(body, options);
    } catch (error) {
      const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
      throw isTooLarge ? new HttpProblem(413, TOO_LARGE) : new HttpProblem(400, 'The request cannot be read.');
    }
    next();
  };
}
