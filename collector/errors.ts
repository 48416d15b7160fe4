/** Why a collector could not start. `code` is stable; `message` says what to do. */
export class CollectorError extends Error {
  override readonly name: string = 'CollectorError';
  readonly code: CollectorErrorCode;

  constructor(code: CollectorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * - `HOLDUP_INVALID_OPTION`: an option has a value that is not accepted.
 * - `HOLDUP_TOKEN_REQUIRED`: the host is reachable from other machines and no token is set.
 * - `HOLDUP_PORT_IN_USE`: something else listens on the port.
 * - `HOLDUP_STORE_FAILED`: the store that was asked for cannot be opened.
 * - `HOLDUP_LISTEN_FAILED`: the operating system refused the address for another reason.
 */
export type CollectorErrorCode =
  | 'HOLDUP_INVALID_OPTION'
  | 'HOLDUP_TOKEN_REQUIRED'
  | 'HOLDUP_PORT_IN_USE'
  | 'HOLDUP_STORE_FAILED'
  | 'HOLDUP_LISTEN_FAILED';
