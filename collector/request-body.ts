import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, type ZlibOptions } from 'node:zlib';
import { COLLECTOR_LIMITS } from './limits.js';
import { HttpProblem } from './problem.js';

type Decompress = (body: Buffer, options: ZlibOptions) => Promise<Buffer>;

const DECOMPRESS: Readonly<Record<string, Decompress>> = {
  gzip: promisify(gunzip) as Decompress,
  deflate: promisify(inflate) as Decompress,
  br: promisify(brotliDecompress) as Decompress,
};
/** What a body unfolds into at a time. */
const MIN_CHUNK_BYTES = 1024;
const MAX_CHUNK_BYTES = 128 * 1024;

/** The whole body as bytes. It stops at the limit while it unfolds, so a decompression bomb never does. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  const decompress = Object.hasOwn(DECOMPRESS, encoding) ? DECOMPRESS[encoding] : undefined;
  if (decompress === undefined && encoding !== 'identity') {
    throw new HttpProblem(415, 'Content-Encoding is not supported; accepted are gzip, deflate, br and identity.');
  }
  const body = await bytesOf(request);
  return decompress === undefined ? body : await unfolded(body, decompress);
}

function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const { bodyBytes } = COLLECTOR_LIMITS;
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > bodyBytes) throw tooLarge();
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= bodyBytes) {
        chunks.push(chunk);
        return;
      }
      // The rest is read and forgotten: a sender that is cut off would not hear why, and try again without end.
      chunks.length = 0;
      reject(tooLarge());
    });
    request.on('end', () => {
      const [first] = chunks;
      resolve(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, length));
    });
    request.on('close', () => {
      if (!request.complete) reject(new HttpProblem(400, 'The request was aborted.'));
    });
    // What goes wrong closes it.
    request.on('error', () => {});
  });
}

async function unfolded(body: Buffer, decompress: Decompress): Promise<Buffer> {
  // Gzip says at its end how large it was. Whoever lies there only makes more chunks of it.
  const size = body.length > 4 ? body.readUInt32LE(body.length - 4) : 0;
  const chunkSize = Math.min(MAX_CHUNK_BYTES, Math.max(MIN_CHUNK_BYTES, size + 1));
  try {
    return await decompress(body, { maxOutputLength: COLLECTOR_LIMITS.bodyBytes, chunkSize });
  } catch (error) {
    const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw isTooLarge ? tooLarge() : new HttpProblem(400, 'The request cannot be read.');
  }
}

function tooLarge(): HttpProblem {
  return new HttpProblem(413, 'The body is too large, once it is decompressed.');
}
