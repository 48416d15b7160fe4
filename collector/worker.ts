/**
 * The embedded collector: the same one, in a worker thread of a watched process.
 *
 * Started as `new Worker(new URL('…/collector/worker.js', …), { workerData: { port, host, token } })` by whoever
 * unrefs it; it says `listening` or `failed` once and prints nothing.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { CollectorError } from './errors.js';
import { type CollectorOptions, startCollector } from './index.js';

/** What the thread posts to its parent, once. */
export type FromCollectorWorker =
  | {
      readonly type: 'listening';
      readonly url: string;
      readonly port: number;
      /** What a person should know, once, such as that nothing will outlive this collector. */
      readonly warnings: readonly string[];
    }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

async function run(): Promise<void> {
  let message: FromCollectorWorker;
  try {
    const warnings: string[] = [];
    const warn = (fields: object | string, text?: string): void => {
      warnings.push(text ?? String(fields));
    };
    const log = { info: () => {}, warn, error: warn };
    const store = process.env.HOLDUP_STORE || 'default';
    const collector = await startCollector({ store, ...(workerData as CollectorOptions | null), log });
    message = { type: 'listening', url: collector.url, port: collector.port, warnings: [...warnings] };
    // `stop` frees the port before the thread ends; `terminate()` does it as well, less politely.
    parentPort?.once('message', () => void collector.stop().finally(() => parentPort?.close()));
    // Waiting for that message is no reason for the thread, and so the process, to live.
    parentPort?.unref();
  } catch (error) {
    const code = error instanceof CollectorError ? error.code : 'HOLDUP_LISTEN_FAILED';
    message = { type: 'failed', code, message: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(message);
}

void run();
