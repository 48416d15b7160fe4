import type { AnyValue, KeyValue } from './otlp.js';

/** A JSON-like value as OTLP's AnyValue. Properties that are `undefined` are left out. */
function toAnyValue(value: unknown): AnyValue {
  switch (typeof value) {
    case 'string':
      return { stringValue: value };
    case 'boolean':
      return { boolValue: value };
    case 'number':
      if (Number.isSafeInteger(value) && !Object.is(value, -0)) return { intValue: String(value) };
      return { doubleValue: Number.isFinite(value) ? value : String(value) };
    case 'object':
      if (value === null) return {};
      if (Array.isArray(value)) return { arrayValue: { values: value.map(toAnyValue) } };
      return { kvlistValue: { values: toKeyValues(value) } };
    default:
      return {};
  }
}

/** An object's own properties as OTLP attributes. */
export function toKeyValues(object: object): KeyValue[] {
  const pairs: KeyValue[] = [];
  for (const [key, value] of Object.entries(object)) {
    if (value !== undefined) pairs.push({ key, value: toAnyValue(value) });
  }
  return pairs;
}

/** How deep a value may nest; what lies deeper reads as null. Our own samples nest four deep. */
const MAX_DEPTH = 16;

/** The inverse of `toAnyValue`. Objects come back without a prototype, so a hostile key can reach nothing. */
function fromAnyValue(value: AnyValue | undefined, depth = 0): unknown {
  if (value === undefined || value === null || typeof value !== 'object' || depth > MAX_DEPTH) return null;
  if (typeof value.stringValue === 'string') return value.stringValue;
  if (typeof value.boolValue === 'boolean') return value.boolValue;
  if (isNumeric(value.intValue)) return Number(value.intValue);
  if (isNumeric(value.doubleValue)) return Number(value.doubleValue);
  if (value.arrayValue) return listOf(value.arrayValue.values).map((entry) => fromAnyValue(entry, depth + 1));
  if (value.kvlistValue) return fromKeyValues(value.kvlistValue.values, depth + 1);
  return null;
}

export type Attributes = Readonly<Record<string, unknown>>;

/** OTLP attributes as an object. */
export function fromKeyValues(pairs: readonly KeyValue[] | undefined, depth = 0): Attributes {
  const object: Record<string, unknown> = Object.create(null);
  for (const pair of listOf(pairs)) {
    if (typeof pair?.key === 'string') object[pair.key] = fromAnyValue(pair.value, depth);
  }
  return object;
}

/** What a sender may have left out or got wrong reads as empty. */
export function listOf<T>(values: readonly T[] | undefined): readonly T[] {
  return Array.isArray(values) ? values : [];
}

/** The entries that are objects, whatever else a sender may have put among them. */
export function objectsOf<T extends object>(values: readonly T[] | undefined): readonly T[] {
  return listOf(values).filter((entry) => typeof entry === 'object' && entry !== null);
}

/** A number, or a text that OTLP's JSON may hold one in (64-bit integers, `NaN`, `Infinity`). */
function isNumeric(value: unknown): value is number | string {
  return typeof value === 'number' || typeof value === 'string';
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A finite number, or 0. */
export function number(value: unknown): number {
  const parsed = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof parsed === 'number' && Number.isFinite(parsed) ? parsed : 0;
}

/** Whole epoch milliseconds as OTLP's nanoseconds, without losing digits to a double. */
export function toNanos(ms: number): string {
  return `${BigInt(Math.round(ms * 1000))}000`;
}

/** OTLP's nanoseconds as epoch milliseconds; 0 for what is not a number. */
export function fromNanos(nanos: string | number | undefined): number {
  return number(nanos) === 0 ? 0 : Math.round(number(nanos) / 1000) / 1000;
}
