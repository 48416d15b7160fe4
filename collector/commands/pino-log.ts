import { destination, pino, stdTimeFunctions } from 'pino';
import type { Log } from '../log.js';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One JSON object a line on stderr, written off the loop's turn. */
export function createLog(level: LogLevel): Log {
  return pino(
    { name: 'holdup', level, base: null, timestamp: stdTimeFunctions.isoTime },
    destination({ dest: 2, sync: false }),
  );
}
