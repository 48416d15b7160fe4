import { type View, viewName } from '../../protocol/index.js';
import type { RawFrame } from '../watchdog/messages.js';
import type { Operation } from './operation-call.js';

/**
 * Raised in `throw` mode by a sync-only operation that a view calls, *before* it runs. Named after Django's.
 *
 * @example
 * ```ts
 * app.use((error, request, response, next) => {
 *   if (error instanceof SynchronousOnlyOperation) log.error(error.operation, error.alternative);
 *   next(error);
 * });
 * ```
 */
export class SynchronousOnlyOperation extends Error {
  readonly code = 'HOLDUP_SYNC_ONLY';
  /** `fs.readFileSync` */
  readonly operation: string;
  /** `GET /books` */
  readonly view: string;
  /** The code to write instead; empty when there is none to name. */
  readonly alternative: string;

  /** @internal */
  constructor(operation: Operation, view: View, site: RawFrame | null) {
    const name = viewName(view);
    super(describe(operation, name, site));
    this.operation = operation.name;
    this.view = name;
    this.alternative = operation.alternative;
  }
}

// On the prototype and not enumerable, like the names of the errors of the language.
Object.defineProperty(SynchronousOnlyOperation.prototype, 'name', {
  value: 'SynchronousOnlyOperation',
  writable: true,
  configurable: true,
});

function describe(operation: Operation, view: string, site: RawFrame | null): string {
  const lines = [
    `${operation.name} was called in ${view}. It blocks the event loop: every other request of this process waits for it.`,
  ];
  if (site !== null) {
    lines.push(
      `  where:    ${site.function === '' ? '' : `${site.function} `}(${site.file}:${site.line}:${site.column})`,
    );
  }
  if (operation.alternative !== '') lines.push(`  instead:  ${operation.alternative}`);
  lines.push(
    `  to allow: allowSync('why', () => …) around the call, or holdup({ allow: [{ operation: '${operation.name}', view: '${view}', reason: 'why' }] })`,
    '  for now:  HOLDUP_ALLOW_ASYNC_UNSAFE=1 reports it instead of throwing',
  );
  return lines.join('\n');
}
