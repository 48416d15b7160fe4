import { fileURLToPath } from 'node:url';
import type { CheckedSite } from '../../protocol/index.js';
import { isNode } from '../guard/call-site.js';
import type { OperationCall } from '../guard/operation-call.js';
import { isOwn } from '../guard/own-frames.js';
import { placeOf } from '../guard/policy.js';
import { packageOf } from '../package-name.js';
import type { RawFrame } from '../watchdog/messages.js';

/** Frames printed when looking for the user's own: below a test runner's and a framework's layers. */
const PRINTED_FRAMES = 100;

/**
 * Whose code made a call, for a person who will change it. Must be called while the call is still on the stack: the
 * location is read from a stack as the process prints it, so that it is source-mapped by whatever maps its stacks
 * (Node's `--enable-source-maps`, tsx, Vitest, Jest).
 */
export function userSiteOf(call: OperationCall): CheckedSite {
  const raw = userFrame(call.site.frames);
  const printed = userFrame(printedFrames()) ?? raw;
  return {
    file: pathOf(raw?.file ?? ''),
    function: nameOf(raw?.function ?? ''),
    location: { file: pathOf(printed?.file ?? ''), line: printed?.line ?? 0, column: printed?.column ?? 0 },
    package: placeOf(call.site).packages[0] ?? '',
  };
}

/**
 * Whether a call counts in a test. Each test reaches a site once, so a first time is as good as any other; only the
 * loading of modules and what a package does the first time it is used (filling a cache) are nobody's mistake.
 */
export function countsInTests(call: OperationCall): boolean {
  if (call.operation.category === 'module loading') return false;
  return !call.cold || packageOf(call.site.frames[0]?.file ?? '') === '';
}

/** The innermost frame of the app's own code, else the innermost of a package. */
function userFrame(frames: readonly RawFrame[]): RawFrame | undefined {
  const outside = frames.filter(({ file }) => file !== '' && !isNode(file) && !isOwn(file));
  return outside.find(({ file }) => packageOf(file) === '') ?? outside[0];
}

function printedFrames(): RawFrame[] {
  const limit = Error.stackTraceLimit;
  let stack: unknown;
  try {
    Error.stackTraceLimit = PRINTED_FRAMES;
    ({ stack } = new Error());
    Error.stackTraceLimit = limit;
  } catch {
    // A host whose own stack formatting fails, or a frozen Error.
  }
  const frames: RawFrame[] = [];
  for (const line of typeof stack === 'string' ? stack.split('\n') : []) {
    const match = /^ +at (?:async )?(?:(.*?) \()?(.+?):(\d+):(\d+)\)?$/.exec(line);
    if (match === null) continue;
    const [, name = '', file = '', row, column] = match;
    frames.push({ function: name, file, line: Number(row), column: Number(column) });
  }
  return frames;
}

/** A path without the query that a tool gave the module (`?v=1`, `?t=…`). */
function pathOf(file: string): string {
  const bare = file.replace(/\?[^/\\]*$/, '');
  try {
    return bare.startsWith('file:') ? fileURLToPath(bare) : bare;
  } catch {
    return bare;
  }
}

/** Without what the way of calling adds. */
function nameOf(name: string): string {
  return name
    .replace(/^(?:async |new )+/, '')
    .replace(/^Object\./, '')
    .replace(/^<anonymous>$/, '');
}
