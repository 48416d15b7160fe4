import { promisify } from 'node:util';
import { constants, deflateRaw } from 'node:zlib';

/** Below this, as an incident is, a message goes out at once as it is. */
const DEFLATE_FROM_BYTES = 4096;
/** Each takes 256 KB while it runs; many pages that open at once must not take that much each. */
const DEFLATE_AT_ONCE = 4;
const OPTIONS = { level: 3, finishFlush: constants.Z_SYNC_FLUSH };
/** How a flush ends, which permessage-deflate leaves out. */
const FLUSH_END_BYTES = 4;

const deflate = promisify(deflateRaw) as (data: Buffer, options: object) => Promise<Buffer>;

/** What is sent to many pages, each with a number of its own before it: made into bytes once, and compressed once. */
export class LiveText {
  readonly bytes: Buffer;
  #deflated: Promise<Buffer> | undefined;

  constructor(text: string) {
    this.bytes = Buffer.from(text);
  }

  get isLarge(): boolean {
    return this.bytes.length >= DEFLATE_FROM_BYTES;
  }

  /** Blocks of raw deflate that refer to nothing before them, up to a byte's edge; more may follow. */
  deflated(): Promise<Buffer> {
    this.#deflated ??= inTurn(async () => {
      const flushed = await deflate(this.bytes, OPTIONS);
      return flushed.subarray(0, flushed.length - FLUSH_END_BYTES);
    });
    return this.#deflated;
  }
}

let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= DEFLATE_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}

/**
 * The begin of a text frame that goes on with what `LiveText.deflated` gave: its header, and the prefix as a block that is
 * not compressed. Deflate blocks follow one another freely, so all pages share the large one.
 *
 * Source: RFC 6455, section 5.2; RFC 7692, section 7.2; RFC 1951, section 3.2.4.
 */
export function beginOfFrame(prefix: string, deflated: Buffer): Buffer {
  const text = Buffer.from(prefix);
  const length = 5 + text.length + deflated.length;
  const header = length < 126 ? Buffer.alloc(2) : length < 65_536 ? Buffer.alloc(4) : Buffer.alloc(10);
  // The whole message, compressed, of text.
  header[0] = 0x80 | 0x40 | 0x01;
  if (length < 126) header[1] = length;
  else if (length < 65_536) {
    header[1] = 126;
    header.writeUInt16BE(length, 2);
  } else {
    header[1] = 127;
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  const stored = Buffer.alloc(5);
  stored.writeUInt16LE(text.length, 1);
  stored.writeUInt16LE(~text.length & 0xffff, 3);
  return Buffer.concat([header, stored, text]);
}
