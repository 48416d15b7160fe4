import { readFileSync, statSync } from 'node:fs';
import type { SourceMap } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from './package-path.js';

export interface MappedPosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The text of the original file when the map carries it, else null. */
  readonly content: string | null;
}

interface LoadedMap {
  readonly map: SourceMap;
  /** The directory that relative sources start from. */
  readonly base: string;
}

const MAX_FILE_BYTES = 8 * 1024 * 1024;
const MAX_MAPS = 20;
const MAX_FILES_WITHOUT = 2000;
const MARK = /\/\/[#@] sourceMappingURL=([^\s'"]+)\s*$/;

/** Reads source maps beside or inside the files that run, when a stack names them. Keeps the last 20. */
export class SourceMaps {
  readonly #maps = new Map<string, LoadedMap>();
  readonly #without = new Set<string>();

  /** Where a position of a running file comes from; null when it has no map or the map does not know. Lines from 1. */
  original(file: string, line: number, column: number): MappedPosition | null {
    const loaded = this.#load(file);
    if (loaded === null) return null;
    const entry = loaded.map.findEntry(line - 1, Math.max(0, column - 1));
    if (!('originalSource' in entry) || typeof entry.originalSource !== 'string') return null;
    return {
      file: toPath(entry.originalSource, loaded.base),
      line: entry.originalLine + 1,
      column: entry.originalColumn + 1,
      content: contentOf(loaded.map, entry.originalSource),
    };
  }

  #load(file: string): LoadedMap | null {
    const known = this.#maps.get(file);
    if (known !== undefined) return known;
    if (this.#without.has(file)) return null;
    const loaded = readMap(file);
    if (loaded === null) {
      if (this.#without.size < MAX_FILES_WITHOUT) this.#without.add(file);
      return null;
    }
    this.#maps.set(file, loaded);
    const oldest = this.#maps.keys().next().value;
    if (this.#maps.size > MAX_MAPS && oldest !== undefined) this.#maps.delete(oldest);
    return loaded;
  }
}

function readMap(file: string): LoadedMap | null {
  try {
    const reference = MARK.exec(readBounded(file).trimEnd().slice(-MAX_FILE_BYTES).split('\n').at(-1) ?? '')?.[1];
    if (reference === undefined) return null;
    const { SourceMap } = process.getBuiltinModule('node:module');
    const inline = /^data:[^,]*?(;base64)?,/.exec(reference);
    if (inline !== null) {
      const data = reference.slice(inline[0].length);
      const text = inline[1] === undefined ? decodeURIComponent(data) : Buffer.from(data, 'base64').toString();
      return { map: new SourceMap(JSON.parse(text)), base: dirname(file) };
    }
    const mapFile = reference.startsWith('file:')
      ? fileURLToPath(reference)
      : resolve(dirname(file), decodeURIComponent(reference));
    return { map: new SourceMap(JSON.parse(readBounded(mapFile))), base: dirname(mapFile) };
  } catch {
    // Not there, not readable, not a map: the position stays that of the file that runs.
    return null;
  }
}

function readBounded(file: string): string {
  if (statSync(file).size > MAX_FILE_BYTES) throw new RangeError('too large');
  return readFileSync(file, 'utf8');
}

function toPath(source: string, base: string): string {
  if (source.startsWith('file:')) return fileURLToPath(source);
  if (isAbsolute(source)) return source;
  // `webpack://app/./src/cart.ts`: the part behind the name is relative to the package.
  const bundled = /^[a-z][a-z0-9+.-]*:\/\/[^/]*\/(.*)$/i.exec(source);
  if (bundled !== null) return join(packageRoot(base) ?? base, bundled[1] ?? '');
  return resolve(base, source);
}

function contentOf(map: SourceMap, source: string): string | null {
  const { sources, sourceRoot } = map.payload;
  const contents: unknown = (map.payload as { sourcesContent?: unknown }).sourcesContent;
  if (!Array.isArray(contents)) return null;
  const at = sources.findIndex((each) => each === source || `${sourceRoot ?? ''}${each}` === source);
  const content: unknown = contents[at];
  return typeof content === 'string' ? content : null;
}
