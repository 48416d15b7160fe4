import { KEPT_VARIABLE, type Kept, type Outcome, type Target, type Task, type ThrownError } from './messages.js';

restoreVariables();

/** This thread has loaded less than the process; what it starts is given all of it again. */
function restoreVariables(): void {
  const { env } = process;
  const { NODE_OPTIONS, HOLDUP_WORKERS } = JSON.parse(env[KEPT_VARIABLE] ?? '{}') as Kept;
  delete env[KEPT_VARIABLE];
  for (const [name, value] of Object.entries({ NODE_OPTIONS, HOLDUP_WORKERS })) {
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
}

/** Runs in a worker thread: one task, and its outcome as something that can be sent back. */
export default async function run({ target, args }: Task): Promise<Outcome> {
  try {
    const fn = await find(target);
    const value: unknown = fn(...args);
    if (value instanceof Promise) {
      // Whatever becomes of it, nobody waits for it here.
      value.catch(() => {});
      throw new TypeError(
        `${target.path} returned a promise: it is asynchronous already, so await it without syncToAsync`,
      );
    }
    refuseLosing(value, target);
    return { type: 'returned', value, buffers: findBuffers(value) };
  } catch (thrown) {
    return { type: 'threw', value: thrown instanceof Error ? null : copyable(thrown), error: describe(thrown) };
  }
}

async function find({ module, path }: Target): Promise<(...args: readonly unknown[]) => unknown> {
  let holder = (module === '(global)' ? globalThis : await import(module)) as Record<string, unknown>;
  // A CommonJS module's names are not always visible to `import`; its exports as a whole are.
  if (module !== '(global)' && !Object.hasOwn(holder, path.split('.')[0] as string)) {
    holder = (holder.default ?? holder) as Record<string, unknown>;
  }
  let value: unknown = holder;
  for (const step of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[step];
  if (typeof value !== 'function') {
    throw new TypeError(
      `${module} exports no function "${path}"; it exports ${Object.keys(holder).join(', ') || 'nothing'}`,
    );
  }
  if (value.constructor.name === 'AsyncFunction') {
    throw new TypeError(`${path} of ${module} is asynchronous already: await it without syncToAsync`);
  }
  return value as (...args: readonly unknown[]) => unknown;
}

const PLAIN = new Set<unknown>([
  Object.prototype,
  Array.prototype,
  Map.prototype,
  Set.prototype,
  Date.prototype,
  RegExp.prototype,
  ArrayBuffer.prototype,
  SharedArrayBuffer.prototype,
  null,
]);

/** An instance of a class would arrive as a plain object, without its methods: better an error than that. */
function refuseLosing(value: unknown, target: Target): void {
  if (typeof value === 'function')
    throw new TypeError(`${target.path} returned a function, which cannot leave its thread`);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  if (value instanceof Error || value.constructor?.name.endsWith('KeyObject')) return;
  if (PLAIN.has(Object.getPrototypeOf(value))) return;
  throw new TypeError(
    `${target.path} returned a ${value.constructor?.name ?? 'special object'}, which would lose its methods on the way to another thread: return a plain object`,
  );
}

function findBuffers(value: unknown): string[] {
  if (Buffer.isBuffer(value)) return [''];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, property]) => (Buffer.isBuffer(property) ? [key] : []));
}

function describe(thrown: unknown): ThrownError | null {
  if (!(thrown instanceof Error)) return null;
  const properties: Record<string, unknown> = {};
  for (const key of Object.keys(thrown)) {
    const value = copyable((thrown as unknown as Record<string, unknown>)[key]);
    if (value !== undefined) properties[key] = value;
  }
  return { name: thrown.name, message: thrown.message, stack: String(thrown.stack), properties };
}

/** The value, or undefined when it cannot be sent. */
function copyable(value: unknown): unknown {
  try {
    structuredClone(value);
    return value;
  } catch {
    return undefined;
  }
}
