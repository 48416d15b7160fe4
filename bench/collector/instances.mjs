// A child of the bench: many simulated processes, each reporting once a second over a connection of its own, a raw socket
// so that this side costs little. It prints one JSON line with what came of it.
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { constants, crc32, deflateRawSync } from 'node:zlib';
import { encodeMetrics, Histogram, toOtlpMetrics } from 'holdup/protocol';

const { url, instances, views, seconds, encoding } = JSON.parse(process.argv[2]);
const { hostname, port } = new URL(url);
/** The number of a process's first report; as bytes, it is as long as those that follow. */
const FIRST_SEQUENCE = 1_700_000_000_000;
const SEQUENCE_BYTES = 6;
const latencies = [];
const statuses = {};
let late = 0;
const bytes = { plain: 0, packed: 0 };

/** What one process says each second: every view with 25 requests, some of them slow. */
function reportOf(id) {
  const histogram = (...values) => {
    const made = new Histogram();
    for (let i = 0; i < 25; i++) for (const value of values) made.record(value * (1 + i / 10));
    return made.data();
  };
  const endMs = Date.now();
  return {
    instance: {
      id,
      service: `service-${Number(id.slice(4)) % 10}`,
      serviceVersion: '1.0.0',
      host: 'bench',
      pid: 1,
      nodeVersion: '20.20.0',
      role: 'main',
    },
    sequence: FIRST_SEQUENCE,
    startMs: endMs - 1000,
    endMs,
    views: Array.from({ length: views }, (_, i) => ({
      view: { method: 'GET', route: `/things/${i}/:id`, handler: `showThing${i}`, kind: 'async' },
      active: 3,
      activePeak: 5,
      duration: histogram(0.004, 0.03),
      busy: histogram(0.001),
      wait: histogram(0.0005),
      operations: i % 5 === 0 ? [{ operation: 'fs.readFileSync', duration: histogram(0.002) }] : [],
      blocks: [],
    })),
    loop: {
      delay: histogram(0.001),
      utilization: 0.4,
      activeSeconds: 0.4,
      idleSeconds: 0.6,
      blockedSeconds: 0,
      attributedSeconds: 0,
      blocked: null,
    },
    gc: [],
    memory: { rssBytes: 9e7, heapUsedBytes: 3e7 },
    observer: { busySeconds: 0.001, samplingRatio: 1 },
    dropped: [],
  };
}

/** As protobuf has it. */
function sequenceBytes(sequence) {
  const number = Buffer.alloc(SEQUENCE_BYTES);
  for (let i = 0, rest = sequence; i < SEQUENCE_BYTES; i++, rest = Math.floor(rest / 128)) {
    number[i] = (rest % 128) + (i === SEQUENCE_BYTES - 1 ? 0 : 128);
  }
  return number;
}

/**
 * A report that differs from second to second in its number only: compressed once, as the agent does it, but for the
 * number, which stands in a block of its own and uncompressed.
 */
function templateOf(id) {
  const body = Buffer.from(encodeMetrics(toOtlpMetrics(reportOf(id))));
  const at = body.indexOf(sequenceBytes(FIRST_SEQUENCE));
  bytes.plain = body.length;
  if (encoding !== 'gzip') return { body, at, packed: body, packedAt: at };
  const whole = { level: 1, finishFlush: constants.Z_SYNC_FLUSH };
  const before = deflateRawSync(body.subarray(0, at), whole);
  const block = Buffer.from([0, SEQUENCE_BYTES, 0, ~SEQUENCE_BYTES, 0xff]);
  const after = deflateRawSync(body.subarray(at + SEQUENCE_BYTES), { level: 1 });
  const head = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
  const packed = Buffer.concat([head, before, block, Buffer.alloc(SEQUENCE_BYTES), after, Buffer.alloc(8)]);
  bytes.packed = packed.length;
  packed.writeUInt32LE(body.length, packed.length - 4);
  return { body, at, packed, packedAt: head.length + before.length + block.length };
}

/** The template with that number. Only one request of a process is on its way at a time. */
function numbered({ body, at, packed, packedAt }, sequence) {
  const number = sequenceBytes(sequence);
  number.copy(packed, packedAt);
  if (packed !== body) {
    number.copy(body, at);
    packed.writeUInt32LE(crc32(body), packed.length - 8);
  }
  return packed;
}

const templates = Array.from({ length: instances }, (_, i) => templateOf(`sim-${i}`));

const heads = new Map();

function headOf(length) {
  let head = heads.get(length);
  if (head === undefined) {
    head =
      `POST /v1/metrics HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/x-protobuf\r\n` +
      `User-Agent: holdup\r\n${encoding === 'gzip' ? 'Content-Encoding: gzip\r\n' : ''}` +
      `Content-Length: ${length}\r\n\r\n`;
    heads.set(length, head);
  }
  return head;
}

/** The connection of one process. */
class Line {
  #socket;
  #text = '';
  #answered = () => {};

  open() {
    return new Promise((resolve, reject) => {
      this.#socket = connect(Number(port), hostname, resolve);
      this.#socket.setNoDelay(true);
      this.#socket.on('error', reject);
      this.#socket.on('data', (data) => {
        this.#text += data.latin1Slice();
        const end = this.#text.indexOf('\r\n\r\n');
        if (end < 0) return;
        const length = Number(/content-length: (\d+)/i.exec(this.#text)?.[1] ?? 0);
        if (this.#text.length < end + 4 + length) return;
        const status = this.#text.slice(9, 12);
        this.#text = '';
        this.#answered(status);
      });
    });
  }

  post(template, sequence) {
    const body = numbered(template, sequence);
    const startedAt = performance.now();
    return new Promise((resolve) => {
      this.#answered = (status) => {
        latencies.push(performance.now() - startedAt);
        statuses[status] = (statuses[status] ?? 0) + 1;
        resolve(status);
      };
      this.#socket.cork();
      this.#socket.write(headOf(body.length), 'latin1');
      this.#socket.write(body);
      this.#socket.uncork();
    });
  }

  close() {
    this.#socket.destroy();
  }
}

/** So much after its moment a report is given up: a process would have more to tell by then. */
const TOO_LATE_MS = 2000;
/** What the agent does when it is told to come again. */
const RETRY_MS = 1000;
const CONNECT_AT_ONCE = 100;
/** A fleet does not start at one moment, and neither does it report at one moment of each second. */
const START_WITHIN_MS = 5000;

async function run(line, instance, startedAt) {
  for (let second = 0; second < seconds; second++) {
    const due = startedAt + (instance / instances) * START_WITHIN_MS + second * 1000;
    const early = due - performance.now();
    if (early > 1) await sleep(early);
    let status;
    while (status !== '200' && performance.now() - due < TOO_LATE_MS) {
      if (status !== undefined) await sleep(RETRY_MS);
      status = await line.post(templates[instance], FIRST_SEQUENCE + second);
    }
    if (status !== '200') late++;
  }
  line.close();
}

const lines = templates.map(() => new Line());
for (let i = 0; i < instances; i += CONNECT_AT_ONCE) {
  await Promise.all(lines.slice(i, i + CONNECT_AT_ONCE).map((line) => line.open()));
}
const cpuBefore = process.cpuUsage();
process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
const startedAt = performance.now();
await Promise.all(lines.map((line, instance) => run(line, instance, startedAt)));
latencies.sort((a, b) => a - b);
const quantile = (q) => latencies[Math.min(latencies.length - 1, Math.floor(q * latencies.length))] ?? 0;
const cpu = process.cpuUsage(cpuBefore);
process.stdout.write(
  `${JSON.stringify({
    late,
    statuses,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    bytes,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
  })}\n`,
);
