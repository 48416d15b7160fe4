import type { AnyValue, KeyValue, Resource, Scope } from './otlp.js';
import type { ProtobufReader } from './protobuf-reader.js';

/** The parts that metrics and logs share, read from protobuf as the objects that their JSON gives. */

/** How deep a value may nest in values; our own samples nest four deep. */
const MAX_DEPTH = 32;

/** The attributes of the message that the reader is in; they are its fields with this tag. */
export function readAttributes(reader: ProtobufReader, tag: number): KeyValue[] {
  const attributes: KeyValue[] = [];
  for (let each = reader.next(); each !== 0; each = reader.next()) {
    if (each === tag) attributes.push(readKeyValue(reader));
    else reader.skip(each);
  }
  return attributes;
}

export function readResource(reader: ProtobufReader): Resource {
  const outer = reader.enter();
  const attributes = readAttributes(reader, 0x0a);
  reader.leave(outer);
  return { attributes };
}

export function readScope(reader: ProtobufReader): Scope {
  const attributes: KeyValue[] = [];
  let name = '';
  const outer = reader.enter();
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === 0x0a) name = reader.text();
    else if (tag === 0x1a) attributes.push(readKeyValue(reader));
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { name, attributes };
}

export function readKeyValue(reader: ProtobufReader, depth = 0): KeyValue {
  let key = '';
  let value: AnyValue = {};
  const outer = reader.enter();
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === 0x0a) key = reader.text();
    else if (tag === 0x12) value = readValue(reader, depth);
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { key, value };
}

function readValue(reader: ProtobufReader, depth: number): AnyValue {
  if (depth > MAX_DEPTH) throw new RangeError('It nests too deep.');
  let value: AnyValue = {};
  const outer = reader.enter();
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === 0x0a) value = { stringValue: reader.text() };
    else if (tag === 0x10) value = { boolValue: reader.varint() !== 0 };
    else if (tag === 0x18) value = { intValue: reader.int64() };
    else if (tag === 0x21) value = { doubleValue: reader.double() };
    else if (tag === 0x2a) value = { arrayValue: { values: readList(reader, readValue, depth + 1) } };
    else if (tag === 0x32) value = { kvlistValue: { values: readList(reader, readKeyValue, depth + 1) } };
    else reader.skip(tag);
  }
  reader.leave(outer);
  return value;
}

/** `ArrayValue` and `KeyValueList` hold their entries in field 1. */
function readList<T>(reader: ProtobufReader, read: (reader: ProtobufReader, depth: number) => T, depth: number): T[] {
  const values: T[] = [];
  const outer = reader.enter();
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === 0x0a) values.push(read(reader, depth));
    else reader.skip(tag);
  }
  reader.leave(outer);
  return values;
}
