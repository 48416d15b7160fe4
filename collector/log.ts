/** Where the collector says what a person who runs it should know; pino's shape. Never a token, a query or a body. */
export interface Log {
  info(message: string): void;
  info(fields: object, message: string): void;
  warn(message: string): void;
  warn(fields: object, message: string): void;
  error(message: string): void;
  error(fields: object, message: string): void;
}

/** For the collector inside somebody's process, which prints nothing. */
export const SILENT_LOG: Log = { info: () => {}, warn: () => {}, error: () => {} };
