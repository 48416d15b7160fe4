import { readFileSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CodeFrame, LIMITS, type Site, type StackFrame, UNKNOWN_SITE } from '../../protocol/index.js';
import { OWN_DIRECTORIES } from '../own-files.js';
import { isInNodeModules, packageOf } from '../package-name.js';
import type { RawFrame } from './messages.js';
import { SourceMaps } from './source-maps.js';

/** A stack as a person reads it. */
export interface ResolvedStack {
  readonly frames: readonly StackFrame[];
  readonly site: Site;
  /** The package under node_modules that made the call, and what called it; empty when the app's own code did. */
  readonly owner: string;
  readonly codeFrame: CodeFrame | null;
}

export const NO_STACK: ResolvedStack = { frames: [], site: UNKNOWN_SITE, owner: '', codeFrame: null };

const MAX_NAME = 300;
const MAX_SOURCE_BYTES = 2 * 1024 * 1024;
/** Lines before and after the site. */
const CONTEXT_LINES = 3;
const MAX_LINE = 200;
/** Holdup's own files, wherever it is installed, are left out of every stack. */
const OWN = OWN_DIRECTORIES.map((url) => fileURLToPath(url));

/** Turns V8's frames into the user's own: original files and lines, who owns them, and the source around the site. */
export class StackResolver {
  readonly #maps = new SourceMaps();
  readonly #codeFrames: boolean;

  constructor(codeFrames: boolean) {
    this.#codeFrames = codeFrames;
  }

  resolve(raw: readonly RawFrame[]): ResolvedStack {
    const frames: StackFrame[] = [];
    const contents = new Map<StackFrame, string | null>();
    let bytes = 0;
    for (const each of raw) {
      const path = toPath(each.file);
      if (OWN.some((directory) => path.startsWith(directory))) continue;
      const frame = this.#frame(each, path, contents);
      bytes += frame.function.length + frame.file.length + 80;
      if (bytes > LIMITS.sampleBytes) break;
      frames.push(frame);
    }
    const at = frames.find((frame) => frame.inApp) ?? frames.find((frame) => packageOf(frame.file) !== '');
    if (at === undefined) return { ...NO_STACK, frames };
    return {
      frames,
      site: { function: at.function, file: at.file, line: at.line, column: at.column },
      owner: ownerOf(frames),
      codeFrame: this.#codeFrames ? codeFrameAt(at, contents.get(at) ?? null) : null,
    };
  }

  #frame(raw: RawFrame, path: string, contents: Map<StackFrame, string | null>): StackFrame {
    const name = raw.function.slice(0, MAX_NAME);
    const ofApp = isAbsolute(path) && !isInNodeModules(path);
    const original = ofApp && raw.line > 0 ? this.#maps.original(path, raw.line, raw.column) : null;
    const position = original ?? { file: path, line: raw.line, column: raw.column };
    const frame: StackFrame = {
      function: name,
      file: position.file,
      line: position.line,
      column: position.column,
      inApp: ofApp && !isInNodeModules(position.file),
    };
    contents.set(frame, original?.content ?? null);
    return frame;
  }
}

function toPath(file: string): string {
  if (!file.startsWith('file:')) return file;
  try {
    return fileURLToPath(file);
  } catch {
    return file;
  }
}

/** `iconv-lite, called by body-parser`; just the first when the app called it; empty when the app made the call. */
function ownerOf(frames: readonly StackFrame[]): string {
  const owners = frames.filter((frame) => frame.inApp || packageOf(frame.file) !== '');
  const first = owners[0];
  if (first === undefined || first.inApp) return '';
  const name = packageOf(first.file);
  const caller = owners.find((frame) => frame.inApp || packageOf(frame.file) !== name);
  return caller === undefined || caller.inApp ? name : `${name}, called by ${packageOf(caller.file)}`;
}

function codeFrameAt(frame: StackFrame, content: string | null): CodeFrame | null {
  if (frame.line < 1) return null;
  let text = content;
  try {
    if (text === null && statSync(frame.file).size <= MAX_SOURCE_BYTES) text = readFileSync(frame.file, 'utf8');
  } catch {
    return null;
  }
  const lines = text?.split(/\r?\n/) ?? [];
  if (frame.line > lines.length) return null;
  const from = Math.max(0, frame.line - 1 - CONTEXT_LINES);
  return {
    startLine: from + 1,
    lines: lines.slice(from, frame.line + CONTEXT_LINES).map((line) => line.slice(0, MAX_LINE)),
  };
}
