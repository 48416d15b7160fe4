import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as v from 'valibot';
import { HoldupOptionError } from './errors.js';
import type { AllowEntry, Mode } from './guard/policy.js';
import { ACCEPTED, type OptionName, SCHEMA } from './option-schema.js';
import { type OtlpEnvironment, readOtlpEnvironment } from './otlp-environment.js';
import type { PrometheusRegistry } from './outputs/prometheus.js';
import { pm2Process } from './pm2.js';

export type { AllowEntry, Mode } from './guard/policy.js';

/** What Holdup can be told. Each is also an environment variable: `HOLDUP_` and the name in capitals. */
export interface HoldupOptions {
  /** The name of the app. Default: `OTEL_SERVICE_NAME`, or the name in the package.json of the working directory. */
  readonly service?: string;
  /** What a sync-only operation in a view does: `report` (default) records it, `throw` raises, `off` does nothing. */
  readonly mode?: Mode;
  /**
   * Exceptions to `mode`, by operation or category: `{ 'fs.existsSync': 'off', database: 'throw' }`. `*` stands for any
   * characters; the last that fits wins.
   */
  readonly modes?: Readonly<Record<string, Mode>>;
  /**
   * Where reports go: a collector's base URL; `embedded` (default outside production): the machine's own on
   * 127.0.0.1:4653, started if nobody has; false: nowhere. In production the default is to join the machine's own
   * collector if there is one, and to open no port. Without it, `OTEL_EXPORTER_OTLP_ENDPOINT` is used if it is set.
   */
  readonly collector?: string | URL | false;
  /** Sent to the collector as a bearer token. */
  readonly token?: string;
  /** How long an uninterrupted hold of the loop is a block. Milliseconds; default 50, at least 10. */
  readonly blockThresholdMs?: number;
  /**
   * How busy time after an `await` is measured: `windowed` (default) in short random windows, `exact` always, `off` not
   * at all. Busy time before the first `await` and blocks are measured in every case.
   */
  readonly accounting?: 'windowed' | 'exact' | 'off';
  /** Sync-only operations that are known and accepted. */
  readonly allow?: readonly AllowEntry[];
  /** The app's own prom-client (or @prometheus-io/client) registry, to expose Holdup's metrics in. */
  readonly prometheus?: PrometheusRegistry;
  /** What matches is replaced by `[redacted]` in everything that leaves the process. */
  readonly redact?: readonly (RegExp | string)[];
}

/** The options after validation, with every default filled in. */
export interface Settings {
  readonly service: string;
  readonly mode: Mode;
  readonly modes: Readonly<Record<string, Mode>>;
  readonly collector: URL | 'embedded' | 'join' | false;
  readonly token: string;
  readonly otlp: OtlpEnvironment;
  readonly blockThresholdMs: number;
  readonly accounting: 'windowed' | 'exact' | 'off';
  readonly allow: readonly AllowEntry[];
  readonly prometheus: PrometheusRegistry | null;
  readonly redact: readonly RegExp[];
  readonly allowAsyncUnsafe: boolean;
  readonly production: boolean;
}

/** How an environment variable's text becomes the option's value. A registry cannot come from the environment. */
const FROM_TEXT: Partial<Record<OptionName, (text: string) => unknown>> = {
  service: (value) => value,
  mode: (value) => value,
  modes: JSON.parse,
  collector: (value) => (value === 'false' ? false : value),
  token: (value) => value,
  blockThresholdMs: Number,
  accounting: (value) => value,
  allow: JSON.parse,
  redact: (value) => [value],
};

/**
 * Validates the options once, fills them up from the environment (the option wins) and from the defaults.
 *
 * @throws {HoldupOptionError} that names the option or variable, the value, and what is accepted.
 */
export function readSettings(options: HoldupOptions = {}, env: NodeJS.ProcessEnv = process.env): Settings {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new HoldupOptionError('options', options, 'an object');
  }
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(SCHEMA, name)) {
      throw new HoldupOptionError(`option "${name}"`, options[name as OptionName], Object.keys(SCHEMA).join(', '));
    }
  }
  const given = <T>(name: OptionName): T | undefined => (options[name] ?? fromEnvironment(name, env)) as T | undefined;
  for (const name of Object.keys(SCHEMA) as OptionName[]) {
    const value = options[name];
    if (value !== undefined && !v.safeParse(SCHEMA[name], value).success) {
      throw new HoldupOptionError(`option "${name}"`, value, ACCEPTED[name]);
    }
  }
  const production = env.NODE_ENV === 'production';
  const otlp = readOtlpEnvironment(env);
  const collector = given<string | URL | false>('collector') ?? otlp.endpoint ?? undefined;
  return {
    service: given<string>('service') ?? env.OTEL_SERVICE_NAME ?? ownName(),
    mode: given<Mode>('mode') ?? 'report',
    modes: given<Settings['modes']>('modes') ?? {},
    collector:
      collector === undefined
        ? production
          ? 'join'
          : 'embedded'
        : collector === false || collector === 'embedded'
          ? collector
          : new URL(collector),
    token: given<string>('token') ?? '',
    otlp,
    blockThresholdMs: given<number>('blockThresholdMs') ?? 50,
    accounting: given<Settings['accounting']>('accounting') ?? 'windowed',
    allow: given<readonly AllowEntry[]>('allow') ?? [],
    prometheus: options.prometheus ?? null,
    redact: (given<readonly (RegExp | string)[]>('redact') ?? []).map(globally),
    allowAsyncUnsafe: readFlag('HOLDUP_ALLOW_ASYNC_UNSAFE', env),
    production,
  };
}

/** `blockThresholdMs` is `HOLDUP_BLOCK_THRESHOLD_MS`. */
export function variableOf(option: string): string {
  return `HOLDUP_${option.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

function fromEnvironment(name: OptionName, env: NodeJS.ProcessEnv): unknown {
  const variable = variableOf(name);
  const value = env[variable];
  const read = FROM_TEXT[name];
  if (value === undefined || value === '' || read === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = read(value);
  } catch {
    throw new HoldupOptionError(variable, value, `${ACCEPTED[name]}, as JSON`);
  }
  if (!v.safeParse(SCHEMA[name], parsed).success) throw new HoldupOptionError(variable, value, ACCEPTED[name]);
  return parsed;
}

/** A variable that is on or off: `1`, `true`, `0`, `false`, or empty for off. */
export function readFlag(variable: string, env: NodeJS.ProcessEnv): boolean {
  const value = env[variable] ?? '';
  if (!['', '0', '1', 'true', 'false'].includes(value)) throw new HoldupOptionError(variable, value, '1 or 0');
  return value === '1' || value === 'true';
}

/** The expression with the `g` flag, so that it replaces every match. */
function globally(each: RegExp | string): RegExp {
  if (typeof each === 'string') return new RegExp(each, 'g');
  return new RegExp(each.source, each.flags.includes('g') ? each.flags : `${each.flags}g`);
}

/** The package's name in the working directory, else the script's file name. */
function ownName(): string {
  const pm2 = pm2Process();
  try {
    const { name } = JSON.parse(readFileSync(join(pm2?.cwd ?? process.cwd(), 'package.json'), 'utf8')) as {
      name?: unknown;
    };
    if (typeof name === 'string' && name !== '') return name;
  } catch {
    // No package.json, or not one we can read: the script's name will do.
  }
  // The script is PM2's own at first.
  return pm2?.name || basename(process.argv[1] ?? 'node').replace(/\.[^.]+$/, '');
}
