/** Why an option was refused. Raised at start only, never after. */
export class HoldupOptionError extends TypeError {
  override readonly name = 'HoldupOptionError';
  readonly code = 'HOLDUP_BAD_OPTION';
  /** The option's name, or the environment variable's. */
  readonly option: string;

  constructor(option: string, value: unknown, accepted: string) {
    super(`holdup: ${option} is ${describe(value)}; accepted: ${accepted}`);
    this.option = option;
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  if (typeof value === 'function') return 'a function';
  return String(value);
}
