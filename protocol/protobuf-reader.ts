/**
 * Protobuf's wire format, read from bytes that a stranger sent. It builds nothing that was not asked for, never reads
 * beyond the message it is in, and throws a `RangeError` on what is no protobuf.
 *
 * A field is known by its tag: its number times 8 and its wire type, so that one of another type is another field.
 *
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
export class ProtobufReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  /** Where it reads next, and where the message that it is in ends. */
  #at = 0;
  #end: number;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = bytes.byteLength;
  }

  get at(): number {
    return this.#at;
  }

  /** Goes back to where it was, in the message that it is in. */
  set at(place: number) {
    this.#at = place;
  }

  /** The tag of the next field; 0 at the end of the message. */
  next(): number {
    if (this.#at >= this.#end) return 0;
    const tag = this.varint();
    if (tag < 8) throw new RangeError('There is no field 0.');
    return tag;
  }

  /** Passes the value of a field. */
  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        this.varint();
        return;
      case 1:
        this.#pass(8);
        return;
      case 2:
        this.#pass(this.varint());
        return;
      case 5:
        this.#pass(4);
        return;
      default:
        throw new RangeError('There is no such wire type.');
    }
  }

  /** Enters the message, or the packed list, that comes next. Answers what `leave` needs to come back. */
  enter(): number {
    const length = this.varint();
    const outer = this.#end;
    if (length > outer - this.#at) throw new RangeError('It is cut off.');
    this.#end = this.#at + length;
    return outer;
  }

  /** Leaves the message, read to its end or not. */
  leave(outer: number): void {
    this.#at = this.#end;
    this.#end = outer;
  }

  /** Goes to the value of the last field with this tag; stays where it is, and says false, when there is none. */
  seek(tag: number): boolean {
    const start = this.#at;
    let found = -1;
    for (let each = this.next(); each !== 0; each = this.next()) {
      if (each === tag) found = this.#at;
      this.skip(each);
    }
    this.#at = found < 0 ? start : found;
    return found >= 0;
  }

  /** Above 2^53 its last digits are lost. */
  varint(): number {
    const { bytes } = this;
    const end = this.#end;
    let at = this.#at;
    let value = 0;
    for (let factor = 1; at < end; factor *= 128) {
      const byte = bytes[at++] as number;
      if (byte < 128) {
        this.#at = at;
        return value + byte * factor;
      }
      value += (byte - 128) * factor;
      if (factor > 2 ** 62) throw new RangeError('A number is too long.');
    }
    throw new RangeError('It is cut off.');
  }

  /** An `int64`, whose negative values are ten bytes long. */
  int64(): number {
    const { bytes } = this;
    const from = this.#at;
    const value = this.varint();
    if (this.#at - from < 10) return value;
    // Two's complement, in parts that a double holds exactly.
    let low = 0;
    for (let i = 6; i >= 0; i--) low = low * 128 + ((bytes[from + i] as number) & 127);
    let high = ((bytes[from + 9] as number) & 1) - 2;
    for (let i = 8; i >= 7; i--) high = high * 128 + ((bytes[from + i] as number) & 127);
    return high * 2 ** 49 + low;
  }

  sint32(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Above 2^53 its last digits are lost. */
  fixed64(): number {
    const at = this.#pass(8);
    return this.#view.getUint32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
  }

  sfixed64(): number {
    const at = this.#pass(8);
    return this.#view.getInt32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
  }

  double(): number {
    return this.#view.getFloat64(this.#pass(8), true);
  }

  text(): string {
    const length = this.varint();
    const from = this.#pass(length);
    return UTF8.decode(this.bytes.subarray(from, from + length));
  }

  /** Adds a packed list of numbers to `values`. */
  varints(values: number[]): void {
    const outer = this.enter();
    const { bytes } = this;
    while (this.#at < this.#end) {
      const byte = bytes[this.#at] as number;
      if (byte < 128) {
        values.push(byte);
        this.#at++;
      } else values.push(this.varint());
    }
    this.leave(outer);
  }

  /** A number that stands for the bytes of a span, the same for the same bytes. */
  hash(from: number, to: number): number {
    const view = this.#view;
    let hash = to - from;
    let at = from;
    for (; at + 4 <= to; at += 4) hash = Math.imul(hash ^ view.getInt32(at, true), 0x5bd1e995) ^ (hash >>> 15);
    for (; at < to; at++) hash = Math.imul(hash ^ view.getUint8(at), 0x5bd1e995);
    return hash ^ (hash >>> 13);
  }

  /** Whether a span of bytes is just that. */
  holds(other: DataView, from: number, to: number): boolean {
    if (other.byteLength !== to - from) return false;
    const view = this.#view;
    let at = from;
    for (; at + 4 <= to; at += 4) if (view.getInt32(at, true) !== other.getInt32(at - from, true)) return false;
    for (; at < to; at++) if (view.getUint8(at) !== other.getUint8(at - from)) return false;
    return true;
  }

  /** Answers where it was. */
  #pass(length: number): number {
    const at = this.#at;
    if (length > this.#end - at) throw new RangeError('It is cut off.');
    this.#at = at + length;
    return at;
  }
}

/** Every runtime that Holdup runs in has it. What is no UTF-8 becomes U+FFFD. */
declare const TextDecoder: new (
  label: 'utf-8',
  options: { readonly ignoreBOM: true },
) => { decode(bytes: Uint8Array): string };
const UTF8 = /* @__PURE__ */ new TextDecoder('utf-8', { ignoreBOM: true });
