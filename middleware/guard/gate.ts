import type { Gate } from './catalog/index.js';
import type { Counts } from './guarded-operation.js';
import type { Admits } from './wrap.js';

/** What a gate can tell before a call; null when every call passes. */
export function admitsOf(gate: Gate | null): Admits | null {
  if (gate?.type === 'no callback') return (args) => typeof args[args.length - 1] !== 'function';
  if (gate?.type === 'argument') {
    const { index, bytes } = gate;
    // A callback as the last argument makes `crypto.randomBytes` asynchronous too.
    return (args) => sizeOf(args[index]) >= bytes && typeof args[args.length - 1] !== 'function';
  }
  return null;
}

/** What a gate can tell only after a call; null when every call counts. */
export function countsOf(gate: Gate | null): Counts | null {
  if (gate?.type === 'result') return (result) => sizeOf(result) >= gate.bytes;
  if (gate?.type === 'duration') return (_result, durationMs) => durationMs >= gate.ms;
  return null;
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value === 'number') return value;
  const { byteLength } = (value ?? 0) as { byteLength?: unknown };
  return typeof byteLength === 'number' ? byteLength : 0;
}
