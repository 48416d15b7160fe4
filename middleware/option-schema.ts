import * as v from 'valibot';
import type { PrometheusRegistry } from './outputs/prometheus.js';

const text = v.pipe(v.string('a non-empty string'), v.nonEmpty('a non-empty string'));
const MODES = "'report', 'throw' or 'off'";
const BY_NAME = `{ "operation or category": ${MODES} }`;
const ACCOUNTING = "'windowed', 'exact' or 'off'";
const COLLECTOR = "an http:// or https:// URL, 'embedded' or false";
const THRESHOLD = 'a number of milliseconds from 10 to 60000';
const ALLOW = 'a list of { operation?, file?, function?, package?, view?, until?: "YYYY-MM-DD", reason }';
const REDACT = 'a list of regular expressions';

function isHttpUrl(value: unknown): boolean {
  return URL.canParse(String(value)) && /^https?:$/.test(new URL(String(value)).protocol);
}

function isRegistry(value: unknown): value is PrometheusRegistry {
  return typeof (value as PrometheusRegistry | null)?.registerMetric === 'function';
}

const allowEntry = v.strictObject(
  {
    operation: v.optional(text),
    file: v.optional(text),
    function: v.optional(text),
    package: v.optional(text),
    view: v.optional(text),
    until: v.optional(v.pipe(v.string(), v.isoDate())),
    reason: text,
  },
  ALLOW,
);

const redaction = v.union([
  v.instance(RegExp),
  v.pipe(
    text,
    v.check((source) => compiles(source)),
  ),
]);

/** What each option's value must be. */
export const SCHEMA = {
  service: text,
  mode: v.picklist(['report', 'throw', 'off'], MODES),
  modes: v.record(text, v.picklist(['report', 'throw', 'off']), BY_NAME),
  collector: v.union(
    [
      v.literal('embedded'),
      v.literal(false),
      v.pipe(
        v.union([v.string(), v.instance(URL)]),
        v.check((value: string | URL) => isHttpUrl(value)),
      ),
    ],
    COLLECTOR,
  ),
  token: text,
  blockThresholdMs: v.pipe(v.number(THRESHOLD), v.minValue(10, THRESHOLD), v.maxValue(60_000, THRESHOLD)),
  accounting: v.picklist(['windowed', 'exact', 'off'], ACCOUNTING),
  allow: v.array(allowEntry, ALLOW),
  prometheus: v.custom<PrometheusRegistry>(isRegistry, 'a prom-client Registry'),
  redact: v.array(redaction, REDACT),
} as const;

export type OptionName = keyof typeof SCHEMA;

/** The same in words, for a person whose value is not. */
export const ACCEPTED: Record<OptionName, string> = {
  service: 'a non-empty string',
  mode: MODES,
  modes: BY_NAME,
  collector: COLLECTOR,
  token: 'a non-empty string',
  blockThresholdMs: THRESHOLD,
  accounting: ACCOUNTING,
  allow: ALLOW,
  prometheus: 'a prom-client Registry',
  redact: REDACT,
};

function compiles(source: string): boolean {
  try {
    return Boolean(new RegExp(source));
  } catch {
    return false;
  }
}
