import { ProtobufReader } from './protobuf-reader.js';
import { ProtobufWriter } from './protobuf-writer.js';

/** What an OTLP receiver did not take of a request that it answered with 200. Nothing rejected and a text: a hint. */
export interface PartialSuccess {
  /** Data points or log records. */
  readonly rejected: number;
  readonly errorMessage: string;
}

/** `ExportMetricsServiceResponse` and `ExportLogsServiceResponse` in protobuf; without a partial success it is empty. */
export function encodeResponse({ rejected, errorMessage }: PartialSuccess): Uint8Array<ArrayBuffer> {
  const writer = new ProtobufWriter();
  if (rejected > 0 || errorMessage !== '') {
    writer.message(1, () => {
      if (rejected > 0) writer.varint(1, rejected);
      writer.text(2, errorMessage);
    });
  }
  return writer.finish();
}

/** Throws a `RangeError` on what is no protobuf. */
export function decodeResponse(bytes: Uint8Array): PartialSuccess {
  const reader = new ProtobufReader(bytes);
  let rejected = 0;
  let errorMessage = '';
  if (reader.seek(0x0a)) {
    const outer = reader.enter();
    for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
      if (tag === 0x08) rejected = reader.int64();
      else if (tag === 0x12) errorMessage = reader.text();
      else reader.skip(tag);
    }
    reader.leave(outer);
  }
  return { rejected, errorMessage };
}

/** `google.rpc.Status`, what OTLP wants an error to be. */
export function encodeStatus(detail: string): Uint8Array<ArrayBuffer> {
  const writer = new ProtobufWriter();
  writer.text(2, detail);
  return writer.finish();
}
