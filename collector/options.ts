import * as v from 'valibot';
import { CollectorError } from './errors.js';

/** H-O-L-D on a telephone. */
export const DEFAULT_PORT = 4653;
export const DEFAULT_HOST = '127.0.0.1';

export interface CollectorOptions {
  /** 0 takes any free port. Default 4653. */
  readonly port?: number | undefined;
  /** The address to listen on. Any but a loopback address needs a `token`. Default `127.0.0.1`. */
  readonly host?: string | undefined;
  /** Asked of everyone: processes, people and the live feed. At least 8 characters. Default none. */
  readonly token?: string | undefined;
  /** The path it is reached under when a proxy passes the whole path on, such as `/holdup`. Default none. */
  readonly basePath?: string | undefined;
  /** Believe `X-Forwarded-Host` and `X-Forwarded-Proto`, because a proxy of yours sets them. Default false. */
  readonly trustProxy?: boolean | undefined;
}

export interface ResolvedOptions {
  readonly port: number;
  readonly host: string;
  /** Empty for none. */
  readonly token: string;
  /** Without a slash at its end; empty for none. */
  readonly basePath: string;
  readonly trustProxy: boolean;
}

const PORT = 'a whole number from 0 to 65535';
const TOKEN = 'a string of at least 8 characters without spaces';

const OptionsSchema = v.strictObject({
  port: v.optional(
    v.pipe(v.number(PORT), v.integer(PORT), v.minValue(0, PORT), v.maxValue(65_535, PORT)),
    DEFAULT_PORT,
  ),
  host: v.optional(
    v.pipe(v.string('a host name or address'), v.regex(/^[\w.:%-]+$/, 'a host name or address')),
    DEFAULT_HOST,
  ),
  token: v.optional(v.pipe(v.string(TOKEN), v.regex(/^(?:|[\x21-\x7e]{8,})$/, TOKEN)), ''),
  basePath: v.optional(
    v.pipe(
      v.string('a path such as /holdup'),
      v.regex(/^(?:|\/|(?:\/[\w.-]+)+\/?)$/, 'a path such as /holdup'),
      v.transform((path) => path.replace(/\/$/, '')),
    ),
    '',
  ),
  trustProxy: v.optional(v.boolean('true or false'), false),
});

/** Checks the options once; what comes out is trusted from then on. Throws a `CollectorError`. */
export function resolveOptions(options: CollectorOptions): ResolvedOptions {
  const result = v.safeParse(OptionsSchema, options);
  if (!result.success) {
    const issue = result.issues[0];
    const name = v.getDotPath(issue) ?? 'options';
    const message =
      issue.type === 'strict_object' && name !== 'options'
        ? `There is no option ${JSON.stringify(name)}; there are ${Object.keys(OptionsSchema.entries).join(', ')}.`
        : `Option ${name} is ${name === 'token' ? 'not accepted' : JSON.stringify(issue.input)}; accepted is ${name === 'options' ? 'an object' : issue.message}.`;
    throw new CollectorError('HOLDUP_INVALID_OPTION', message);
  }
  const resolved = result.output;
  if (resolved.token === '' && !isLoopback(resolved.host)) {
    throw new CollectorError(
      'HOLDUP_TOKEN_REQUIRED',
      `Host ${resolved.host} can be reached from other machines, so a token is required: set HOLDUP_TOKEN or --token, or listen on ${DEFAULT_HOST}.`,
    );
  }
  return resolved;
}

/** Whether only this machine can reach it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
