/** Which function a worker is to run. */
export interface Target {
  /** `node:crypto`, `(global)`, or the URL of a module of the app. */
  readonly module: string;
  /** `pbkdf2Sync`, `JSON.parse`, or the name of the export. */
  readonly path: string;
}

/** Carries, as JSON, the variables that the pool's threads are given otherwise than the process has them. */
export const KEPT_VARIABLE = 'HOLDUP_KEPT';

export interface Kept {
  readonly NODE_OPTIONS?: string | undefined;
  readonly HOLDUP_WORKERS?: string | undefined;
}

/** What is sent to a worker. */
export interface Task {
  readonly target: Target;
  readonly args: readonly unknown[];
}

/** What a worker sends back. */
export type Outcome = Returned | Threw;

export interface Returned {
  readonly type: 'returned';
  readonly value: unknown;
  /** Where it holds a Buffer, which arrives as a Uint8Array: empty for the value itself, else its property. */
  readonly buffers: readonly string[];
}

export interface Threw {
  readonly type: 'threw';
  /** What was thrown, when it was not an Error. */
  readonly value: unknown;
  readonly error: ThrownError | null;
}

export interface ThrownError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** Its own properties that can be copied: `code`, `errno`, `path`, `status`, … */
  readonly properties: Readonly<Record<string, unknown>>;
}
