import { type StackFrame, type View, viewName } from '../../protocol/index.js';
import { packageOf } from '../package-name.js';
import { portablePath } from './package-path.js';

/**
 * `v1 | operation | view | in-app frames (function and file, no line)`, hashed. The same in every process and on every
 * machine that runs the same code; an edit above a line does not change it. A frame that occurs twice (recursion)
 * counts once, so the depth of a recursion does not change it either.
 */
export function fingerprint(operation: string, view: View, stack: readonly StackFrame[]): string {
  const frames = new Set<string>();
  for (const frame of stack) if (frame.inApp) frames.add(`${frame.function} ${portablePath(frame.file)}`);
  if (frames.size === 0) {
    // Nothing of the app's own is on the stack: the package that did it stands for it.
    const outer = stack.find((frame) => packageOf(frame.file) !== '');
    if (outer !== undefined) frames.add(`${outer.function} ${packageOf(outer.file)}`);
  }
  return `v1-${hash(['v1', operation, viewName(view), ...frames].join('\n'))}`;
}

const MASK = 0xffff_ffff_ffff_ffffn;

/** FNV-1a, 64 bits, as 16 hexadecimal digits. Not for secrets; `node:crypto` would be memory in every process. */
function hash(text: string): string {
  let value = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) value = ((value ^ BigInt(byte)) * 0x100000001b3n) & MASK;
  return value.toString(16).padStart(16, '0');
}
