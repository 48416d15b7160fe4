import * as v from 'valibot';
import { CollectorError } from './errors.js';
import { type Log, SILENT_LOG } from './log.js';
import type { StoreLimits } from './store/location.js';

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
  /**
   * Asked of processes that report, in place of `token`: whoever has it may write, and read nothing. At least 8
   * characters. Default none: processes use `token`.
   */
  readonly ingestToken?: string | undefined;
  /**
   * What is kept beyond a restart, and where: `memory` (nothing), the path of a SQLite file, a `postgres://…` URL, or
   * `default`, a file in this user's state directory. When the default cannot be used, memory has to do, and `log` is
   * told; any other that cannot be used is an error. Default `memory`.
   */
  readonly store?: string | undefined;
  /** History, samples and incident groups older than this are forgotten. Days, 1 to 3650. Default 30. */
  readonly retentionDays?: number | undefined;
  /** Beyond this the oldest goes first. Megabytes, at least 16. Default 1024. */
  readonly storeMb?: number | undefined;
  /** Told what a person who runs the collector should know; pino's shape. Default none. */
  readonly log?: Log | undefined;
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
  /** Empty for none. */
  readonly ingestToken: string;
  readonly store: string;
  readonly limits: StoreLimits;
  readonly log: Log;
}

/** Their values are never told: a store's URL may hold a password. */
const SECRETS: ReadonlySet<string> = new Set(['token', 'ingestToken', 'store', 'log']);
const PORT = 'a whole number from 0 to 65535';
const DAYS = 'a number from 1 to 3650';
const MEGABYTES = 'a number from 16 to 1048576';
const STORE = "'memory', 'default', a path, or a postgres:// URL";
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
  ingestToken: v.optional(v.pipe(v.string(TOKEN), v.regex(/^(?:|[\x21-\x7e]{8,})$/, TOKEN)), ''),
  store: v.optional(v.pipe(v.string(STORE), v.minLength(1, STORE), v.maxLength(4096, STORE)), 'memory'),
  retentionDays: v.optional(v.pipe(v.number(DAYS), v.minValue(1, DAYS), v.maxValue(3650, DAYS)), 30),
  storeMb: v.optional(v.pipe(v.number(MEGABYTES), v.minValue(16, MEGABYTES), v.maxValue(1_048_576, MEGABYTES)), 1024),
  log: v.optional(v.custom<Log>(isLog, "an object with 'info', 'warn' and 'error'"), () => SILENT_LOG),
});

function isLog(value: unknown): boolean {
  const log = value as Record<string, unknown> | null;
  return typeof log === 'object' && ['info', 'warn', 'error'].every((level) => typeof log?.[level] === 'function');
}

/** Checks the options once; what comes out is trusted from then on. Throws a `CollectorError`. */
export function resolveOptions(options: CollectorOptions): ResolvedOptions {
  const result = v.safeParse(OptionsSchema, options);
  if (!result.success) {
    const issue = result.issues[0];
    const name = v.getDotPath(issue) ?? 'options';
    const message =
      issue.type === 'strict_object' && name !== 'options'
        ? `There is no option ${JSON.stringify(name)}; there are ${Object.keys(OptionsSchema.entries).join(', ')}.`
        : `Option ${name} is ${SECRETS.has(name) ? 'not accepted' : JSON.stringify(issue.input)}; accepted is ${name === 'options' ? 'an object' : issue.message}.`;
    throw new CollectorError('HOLDUP_INVALID_OPTION', message);
  }
  const { retentionDays, storeMb, ...rest } = result.output;
  const limits = { retentionMs: retentionDays * 86_400_000, maxBytes: storeMb * 1024 * 1024 };
  const resolved: ResolvedOptions = { ...rest, limits };
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
