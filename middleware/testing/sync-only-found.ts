import { relative } from 'node:path';
import type { SyncOnlyCall } from './collection.js';

/** What a failed expectation raises: each operation with its view, the user's own line, what to write instead. */
export class SyncOnlyFound extends Error {
  override readonly name = 'SyncOnlyFound';
  readonly code = 'HOLDUP_SYNC_ONLY_FOUND';
  readonly calls: readonly SyncOnlyCall[];

  /** @internal */
  constructor(calls: readonly SyncOnlyCall[]) {
    super(describe(calls));
    this.calls = calls;
    // A test runner shows the code at the top of the stack: the user's lines, not the hook that looked at them.
    const frames = new Set(
      calls.map((call) => `    at ${call.function || '<anonymous>'} (${locationOf(call, call.file)})`),
    );
    this.stack = [`${this.name}: ${this.message}`, ...frames].join('\n');
  }
}

function describe(calls: readonly SyncOnlyCall[]): string {
  const counts = new Map<string, number>();
  for (const call of calls) {
    const text = describeCall(call);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const heading =
    counts.size === 1
      ? 'A sync-only operation was called in a view'
      : `${counts.size} sync-only operations were called in views`;
  const parts = [...counts].map(([text, count]) => (count === 1 ? text : text.replace('\n', ` (${count} times)\n`)));
  return `${heading}; while it runs, every other request waits:\n\n${parts.join('\n\n')}\n`;
}

function describeCall(call: SyncOnlyCall): string {
  const lines = [`  ${call.operation} in ${call.view}`];
  const by = call.package === '' ? '' : `, through the package ${call.package}`;
  lines.push(`    where:    ${call.function || '(anonymous)'} (${placeOf(call)})${by}`);
  if (call.alternative !== '') lines.push(`    instead:  ${call.alternative}`);
  lines.push(
    `    to allow: allow({ operation: '${call.operation}', view: '${call.view}', reason: 'why' }), or allowSync('why', () => …) around the call`,
  );
  return lines.join('\n');
}

function placeOf(call: SyncOnlyCall): string {
  const { file } = call;
  const path = relative(process.cwd(), file).replaceAll('\\', '/');
  return locationOf(call, path.startsWith('../') ? file : path);
}

function locationOf({ line, column }: SyncOnlyCall, path: string): string {
  return `${path}:${line}:${column}`;
}
