import type { Agent } from 'node:http';

export interface PostAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** At most `MAX_ANSWER_BYTES` of it. */
  readonly body: Uint8Array;
}

export interface PostOptions {
  readonly agent: Agent;
  readonly headers: Readonly<Record<string, string | number>>;
  /** From the start to the end of the answer. */
  readonly timeoutMs: number;
}

/** A collector's answer is a few bytes; whoever sends more is cut off, and only the status counts. */
const MAX_ANSWER_BYTES = 16 * 1024;

/** Node's client for such a URL, loaded when there is something to send. */
export function httpFor(url: URL): typeof import('node:http') | typeof import('node:https') {
  return process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http');
}

/**
 * Posts `body` once. Follows no redirect. Rejects when no status came back (refused, reset, timed out) with the
 * error's `code`.
 */
export function post(url: URL, body: Uint8Array, options: PostOptions): Promise<PostAnswer> {
  const { request } = httpFor(url);
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method: 'POST',
      agent: options.agent,
      headers: { ...options.headers, 'content-length': body.length },
    });
    const deadline = setTimeout(() => {
      outgoing.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }));
    }, options.timeoutMs);
    outgoing.on('error', (error) => {
      clearTimeout(deadline);
      reject(error);
    });
    outgoing.on('response', (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      const settle = (): void => {
        clearTimeout(deadline);
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: Buffer.concat(chunks),
        });
      };
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= MAX_ANSWER_BYTES) chunks.push(chunk);
        else answer.destroy();
      });
      // `close` comes last in every case: after the end, after our own cut, and after a reset in the middle.
      answer.on('error', () => {});
      answer.on('close', settle);
    });
    outgoing.end(body);
  });
}
