/**
 * Writes protobuf's wire format. As proto3 has it, what is 0 or empty may be left out; it is for the caller to do so.
 *
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
export class ProtobufWriter {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  /** All that was written, as a copy. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#at);
  }

  text(field: number, value: string): void {
    this.message(field, () => this.#utf8(value));
  }

  /** Bytes that are written as hexadecimal digits. */
  hex(field: number, digits: string): void {
    this.message(field, () => {
      for (let i = 0; i + 1 < digits.length; i += 2) this.#byte(Number.parseInt(digits.slice(i, i + 2), 16));
    });
  }

  double(field: number, value: number): void {
    this.#tag(field, 1);
    this.#grow(8);
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  /** A whole number that is not negative, up to 2^64; a text keeps all its digits. */
  fixed64(field: number, value: number | string): void {
    this.#tag(field, 1);
    this.#grow(8);
    const low = Number(value);
    if (low >= 0 && low < 2 ** 32) {
      this.#view.setUint32(this.#at, low, true);
      this.#view.setUint32(this.#at + 4, 0, true);
    } else this.#view.setBigUint64(this.#at, BigInt(value), true);
    this.#at += 8;
  }

  varint(field: number, value: number): void {
    this.#tag(field, 0);
    this.#varint(value);
  }

  int64(field: number, value: number): void {
    this.#tag(field, 0);
    if (value >= 0) {
      this.#varint(value);
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 127n; rest >>= 7n) this.#byte(Number(rest & 127n) | 128);
    this.#byte(Number(rest));
  }

  sint32(field: number, value: number): void {
    this.varint(field, value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** A packed list. */
  varints(field: number, values: readonly number[]): void {
    this.message(field, () => {
      for (const value of values) this.#varint(value);
    });
  }

  /** A field that holds whatever `write` writes. */
  message(field: number, write: () => void): void {
    this.#tag(field, 2);
    const from = ++this.#at;
    this.#grow(0);
    write();
    const length = this.#at - from;
    // Most are short: one byte was left for their length, and longer ones make room.
    let more = 0;
    for (let rest = length; rest > 127; rest = Math.floor(rest / 128)) more++;
    if (more > 0) {
      this.#grow(more);
      this.#bytes.copyWithin(from + more, from, this.#at);
    }
    this.#at = from - 1;
    this.#varint(length);
    this.#at = from + more + length;
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#byte((rest % 128) + 128);
    this.#byte(rest);
  }

  #byte(value: number): void {
    this.#grow(1);
    this.#bytes[this.#at++] = value;
  }

  #utf8(value: string): void {
    // No character needs more than three bytes for each of its UTF-16 units.
    this.#grow(value.length * 3);
    const from = this.#at;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 127) {
        this.#at = from + UTF8.encodeInto(value, this.#bytes.subarray(from)).written;
        return;
      }
      this.#bytes[from + i] = code;
    }
    this.#at = from + value.length;
  }

  #grow(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max(this.#at + more, this.#bytes.length * 2));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

/** Every runtime that Holdup runs in has it. Half a surrogate pair becomes U+FFFD. */
declare const TextEncoder: new () => { encodeInto(text: string, into: Uint8Array): { readonly written: number } };
const UTF8 = /* @__PURE__ */ new TextEncoder();
