import type { ProtobufReader } from './protobuf-reader.js';

/** How many bytes are remembered, and how many in one piece. Beyond that all are forgotten and learnt again. */
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_PIECE_BYTES = 4096;

interface Seen<T> {
  readonly bytes: DataView;
  readonly value: T;
  /** What came after it the last time: reports list their views in the same order each time. */
  next: Seen<T> | null;
}

/** What pieces of bytes were found to say, so that the same ones need not be read anew. */
export class SeenBytes<T> {
  readonly #seen = new Map<number, Seen<T>>();
  #last: Seen<T> | null = null;
  #bytes = 0;

  find(reader: ProtobufReader, from: number, to: number): T | undefined {
    const last = this.#last;
    let seen = last?.next ?? null;
    if (seen === null || !reader.holds(seen.bytes, from, to)) {
      seen = this.#seen.get(reader.hash(from, to)) ?? null;
      if (seen === null || !reader.holds(seen.bytes, from, to)) return undefined;
      if (last !== null) last.next = seen;
    }
    this.#last = seen;
    return seen.value;
  }

  /** Of two with the same hash the newer one stays. */
  add(reader: ProtobufReader, from: number, to: number, value: T): T {
    if (to - from > MAX_PIECE_BYTES) return value;
    this.#bytes += to - from + OVERHEAD_BYTES;
    if (this.#bytes > MAX_BYTES) {
      this.#seen.clear();
      this.#last = null;
      this.#bytes = to - from + OVERHEAD_BYTES;
    }
    // A copy: a view would keep the whole body.
    const { buffer } = new Uint8Array(reader.bytes.subarray(from, to));
    this.#seen.set(reader.hash(from, to), { bytes: new DataView(buffer), value, next: null });
    return value;
  }
}

/** About what remembering a piece costs besides its bytes. */
const OVERHEAD_BYTES = 200;
