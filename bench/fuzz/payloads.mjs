import { deflateSync, gzipSync } from 'node:zlib';
import { encodeLogs, encodeMetrics } from '../lib/otlp-encoder.mjs';
import { strangersBatch, strangersReport } from './reports.mjs';

/**
 * What a collector may be sent, one after the other, by seed.
 *
 * A payload is `{ kind, path, headers, body, statuses, count? }`: the bytes, the HTTP statuses that are right for them,
 * and for an honest one what to do once it was acknowledged.
 */
export class Payloads {
  #random;
  #honest;
  #sent = 0;
  #table;

  constructor(random, honest) {
    this.#random = random;
    this.#honest = honest;
    const shares = Object.entries(KINDS);
    const all = shares.reduce((sum, [, [share]]) => sum + share, 0);
    let until = 0;
    this.#table = shares.map(([kind, [share, make]]) => {
      until += share / all;
      return { kind, until, make };
    });
  }

  next() {
    const i = this.#sent++;
    if (i < this.#honest.introductions) return { kind: 'honest report', ...json(METRICS, this.#honest.report(i)) };
    const at = this.#random.next();
    const { kind, make } = this.#table.find(({ until }) => at < until) ?? this.#table[0];
    return { kind, ...make(this.#random, this.#honest, i) };
  }
}

const METRICS = '/v1/metrics';
const LOGS = '/v1/logs';
const JSON_TYPE = { 'content-type': 'application/json' };
const PROTOBUF_TYPE = { 'content-type': 'application/x-protobuf' };
const OK = [200];
const BAD = [400];
const EITHER = [200, 400];
const TOO_LARGE = [413];
const MB = 1024 * 1024;

/** Their shares, and how each is made. */
const KINDS = {
  'honest report': [20, (_random, honest, i) => json(METRICS, honest.report(i))],
  'honest report, compressed': [8, (random, honest, i) => packed(random, json(METRICS, honest.report(i)))],
  'honest report in protobuf': [10, (_random, honest, i) => protobuf(METRICS, honest.report(i))],
  'honest batch': [9, (_random, honest) => json(LOGS, honest.batch())],
  'honest batch in protobuf': [4, (_random, honest) => protobuf(LOGS, honest.batch())],
  stranger: [8, (random) => json(...strange(random))],
  'hostile values': [15, hostileValues],
  'hostile keys': [4, hostileKeys],
  'hostile numbers': [3, hostileNumbers],
  'cut JSON': [4, (random) => cut(random, json(...strange(random)), BAD)],
  'spoilt protobuf': [5, (random) => spoilt(random, protobuf(...strange(random)))],
  'cut protobuf': [3, (random) => cut(random, protobuf(...strange(random)), EITHER)],
  'cut gzip': [2, (random) => cut(random, packed(random, json(...strange(random))), BAD)],
  'any JSON': [
    3,
    (random) => ({ ...body(random.of([METRICS, LOGS]), JSON.stringify(anything(random, 4))), statuses: EITHER }),
  ],
  'any bytes': [2, anyBytes],
  'deep nesting': [1, deep],
  'wrong headers': [1.5, wrongHeaders],
  nothing: [
    0.2,
    (random) => ({ path: random.of([METRICS, LOGS]), headers: JSON_TYPE, body: Buffer.alloc(0), statuses: BAD }),
  ],
  'string of 2 MB': [
    0.1,
    () => ({ ...body(METRICS, `{"resourceMetrics":[],"note":"${'x'.repeat(2 * MB)}"}`), statuses: BAD }),
  ],
  'string of 10 MB': [0.1, (random) => ({ ...body(random.of([METRICS, LOGS]), long()), statuses: TOO_LARGE })],
  'string of 10 MB, compressed': [0.1, (random) => ({ ...packed(random, body(METRICS, long())), statuses: TOO_LARGE })],
  'string of 10 MB without its length': [
    0.05,
    () => ({ ...body(METRICS, long()), isChunked: true, statuses: TOO_LARGE }),
  ],
  'long names': [0.2, longNames],
  bomb: [0.15, bomb],
};

function strange(random) {
  return random.next() < 0.6 ? [METRICS, { body: strangersReport(random) }] : [LOGS, { body: strangersBatch(random) }];
}

function json(path, { body: content, count }) {
  return { ...body(path, JSON.stringify(content)), statuses: OK, count };
}

function body(path, text) {
  return { path, headers: JSON_TYPE, body: Buffer.from(text) };
}

function protobuf(path, { body: content, count }) {
  const encoded = path === METRICS ? encodeMetrics(content) : encodeLogs(content);
  return { path, headers: PROTOBUF_TYPE, body: Buffer.from(encoded), statuses: OK, count };
}

function packed(random, payload) {
  const [name, pack] = random.of([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
  ]);
  const headers = { ...payload.headers, 'content-encoding': name };
  return { ...payload, headers, body: pack(payload.body, { level: 1 }) };
}

function cut(random, payload, statuses) {
  return { ...payload, body: payload.body.subarray(0, 1 + random.below(payload.body.length - 1)), statuses };
}

function spoilt(random, payload) {
  for (let i = random.below(6); i >= 0; i--) payload.body[random.below(payload.body.length)] = random.below(256);
  return { ...payload, statuses: EITHER };
}

const VALUES = [
  null,
  true,
  '',
  '__proto__',
  'constructor',
  '\u0000',
  '\ud800',
  '\u202e\u2028',
  '<script>alert(1)</script>',
  "'; drop table incident_groups; --",
  -1,
  -0,
  0.1,
  1e308,
  -1e308,
  5e-324,
  2 ** 53,
  2 ** 31,
  '9223372036854775807',
  '18446744073709551616',
  'NaN',
  '-Infinity',
  '1e999',
  [],
  {},
  [null],
  [[[[]]]],
  { values: null },
  { stringValue: {} },
  { toString: null, valueOf: 1 },
  { length: 1e9 },
];

/** One to four values, anywhere, become others. */
function hostileValues(random) {
  const [path, { body: content }] = strange(random);
  let size = 0;
  JSON.stringify(content, (_key, value) => {
    size++;
    return value;
  });
  const places = new Set(Array.from({ length: 1 + random.below(4) }, () => random.below(size)));
  let at = 0;
  const text = JSON.stringify(content, (_key, value) =>
    places.has(at++) ? (random.next() < 0.7 ? random.of(VALUES) : anything(random, 3)) : value,
  );
  return { ...body(path, text), statuses: EITHER };
}

const KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__', 'then', ''];

/** Names of keys become others, which only text can do to `__proto__`. */
function hostileKeys(random) {
  const [path, { body: content }] = strange(random);
  const pollution = '{"polluted":true,"isAdmin":true,"statuses":[],"view":{"route":"/polluted"}}';
  const text = JSON.stringify(content)
    .replaceAll(/"([a-zA-Z]+)":/g, (key) =>
      random.next() < 0.05 ? `${JSON.stringify(random.of(KEYS))}:${pollution},${key}` : key,
    )
    .replaceAll(/"key":"[^"]*"/g, (key) => (random.next() < 0.1 ? `"key":${JSON.stringify(random.of(KEYS))}` : key));
  return { ...body(path, text), statuses: EITHER };
}

const NUMBERS = [
  '1e999',
  '-1e999',
  '1e-999',
  '-0',
  '9'.repeat(400),
  '0.'.padEnd(300, '3'),
  '1E400',
  '99999999999999999999',
];
const NO_NUMBERS = ['NaN', 'Infinity', '-Infinity', '0x10', '1_000', '+1', '.5', '1n'];

function hostileNumbers(random) {
  const [path, { body: content }] = strange(random);
  let spoilt = false;
  const isValid = random.next() < 0.6;
  const numbers = isValid ? NUMBERS : NO_NUMBERS;
  const text = JSON.stringify(content).replaceAll(/:-?\d[\d.e+-]*/g, (number) => {
    if (random.next() > 0.2 && spoilt) return number;
    spoilt = true;
    return `:${random.of(numbers)}`;
  });
  return { ...body(path, text), statuses: isValid || !spoilt ? EITHER : BAD };
}

function anyBytes(random) {
  const bytes = Buffer.alloc(1 + random.below(2000));
  for (let i = 0; i < bytes.length; i++) bytes[i] = random.below(256);
  const headers = { ...random.of([JSON_TYPE, PROTOBUF_TYPE]) };
  const encoding = random.of(['identity', 'gzip', 'deflate', 'br']);
  if (encoding !== 'identity') headers['content-encoding'] = encoding;
  // A few bytes may be protobuf by chance.
  return { path: random.of([METRICS, LOGS]), headers, body: bytes, statuses: EITHER };
}

function anything(random, depth) {
  const kind = depth === 0 ? random.below(3) : random.below(5);
  if (kind < 2) return random.of(VALUES);
  if (kind === 2) return (random.next() - 0.5) * 10 ** (random.below(40) - 20);
  const entries = Array.from({ length: random.below(6) }, () => anything(random, depth - 1));
  if (kind === 3) return entries;
  const names = ['resourceMetrics', 'resourceLogs', 'scopeMetrics', 'resource', 'metrics', 'attributes', 'x', '0'];
  return Object.fromEntries(entries.map((each) => [random.of(names), each]));
}

function deep(random) {
  const levels = 129 + random.below(20_000);
  if (random.next() < 0.7) {
    const [open, close] = random.of([
      ['[', ']'],
      ['{"a":', '}'],
    ]);
    const close_ = random.next() < 0.5 ? close.repeat(levels) : '';
    return {
      ...body(METRICS, `{"resourceMetrics":${open.repeat(levels)}${open === '[' ? '' : '1'}${close_}}`),
      statuses: BAD,
    };
  }
  let value = Buffer.from([0x0a, 0x01, 0x78]);
  for (let i = 0; i < 40 + random.below(300); i++) value = field(5, field(1, value));
  const attribute = Buffer.concat([field(1, Buffer.from('k')), field(2, value)]);
  return { path: METRICS, headers: PROTOBUF_TYPE, body: field(1, field(1, field(1, attribute))), statuses: BAD };
}

/** A length-delimited field of protobuf. */
function field(number, content) {
  const length = [];
  let rest = content.length;
  do {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), content]);
}

function wrongHeaders(random) {
  const payload = json(...strange(random));
  const headers = random.of([
    { 'content-type': 'text/plain' },
    { 'content-type': 'multipart/form-data; boundary=x' },
    { ...JSON_TYPE, 'content-encoding': 'zstd' },
    { ...JSON_TYPE, 'content-encoding': '__proto__' },
    {},
  ]);
  return { ...payload, headers, statuses: [415] };
}

function long() {
  return `{"resourceMetrics":[],"note":"${'x'.repeat(10 * MB)}"}`;
}

/** Honest in form, with names of 100 KB, which are to be clipped. */
function longNames(random) {
  const [path, { body: content }] = strange(random);
  const text = JSON.stringify(content).replaceAll(/"stringValue":"[^"]*"/g, (value) =>
    random.next() < 0.2 ? `"stringValue":"${random.of(['x', '\\u0000', 'é']).repeat(100_000)}"` : value,
  );
  return { ...body(path, text), statuses: [200, 413] };
}

/** Little that unfolds to much, in one or several members. */
const BOMBS = [gzipSync(Buffer.alloc(100 * MB)), Buffer.concat(Array(40).fill(gzipSync(Buffer.alloc(MB, 0x20))))];

function bomb(random) {
  const headers = { ...random.of([JSON_TYPE, PROTOBUF_TYPE]), 'content-encoding': 'gzip' };
  return { path: random.of([METRICS, LOGS]), headers, body: random.of(BOMBS), statuses: TOO_LARGE };
}
