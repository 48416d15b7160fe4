import { setImmediate } from 'node:timers/promises';

/** How long one piece of a long answer may hold the loop. */
const PIECE_MS = 4;

/** Collects what `parts` makes, however long that takes in all: every few milliseconds others have their turn. */
export async function inPieces<T>(parts: Iterable<T>): Promise<T[]> {
  const collected: T[] = [];
  let until = performance.now() + PIECE_MS;
  for (const part of parts) {
    collected.push(part);
    if (performance.now() < until) continue;
    await setImmediate();
    until = performance.now() + PIECE_MS;
  }
  return collected;
}

/** An object with one list as JSON, its rows made one after the other. */
export async function jsonList<T>(name: string, rows: Iterable<T>): Promise<string> {
  return `{"${name}":[${(await inPieces(texts(rows))).join(',')}]}`;
}

function* texts(rows: Iterable<unknown>): Generator<string> {
  for (const row of rows) yield JSON.stringify(row);
}
