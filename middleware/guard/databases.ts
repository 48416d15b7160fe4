import { CATALOG, type CatalogEntry } from './catalog/index.js';
import { GuardedOperation } from './guarded-operation.js';
import { withoutOurFrames } from './own-frames.js';
import { register } from './registry.js';
import { type Replacement, replace } from './replacement.js';
import { withoutLiterals } from './sql.js';
import { type AnyFunction, quietly, wrapSync } from './wrap.js';

/** Statements told apart by their SQL for each method; the rest share the method's own name. */
const STATEMENT_LIMIT = 200;

type Exports = Record<string, unknown>;
type Prototype = Record<string, unknown>;

/** The SQL that a statement was prepared from, for drivers whose statements do not say. */
const sources = new WeakMap<object, string>();
const hookedPrototypes = new WeakSet<object>();

/** `node:sqlite` */
export function hookNodeSqlite(exports: Exports): Replacement[] {
  const entries = CATALOG.filter((entry) => entry.module === 'node:sqlite');
  const replacements: Replacement[] = [];
  for (const [className, value] of Object.entries(exports)) {
    const { prototype } = (value ?? {}) as { prototype?: Prototype };
    if (typeof value !== 'function' || prototype === undefined) continue;
    // The classes are being renamed: what counts is which methods they have.
    const kind = typeof prototype.exec === 'function' ? 'DatabaseSync' : 'StatementSync';
    if (kind === 'StatementSync' && typeof prototype.all !== 'function') continue;
    const own = entries.filter((entry) => entry.path.startsWith(`${kind}.prototype.`));
    replacements.push(...hookMethods(prototype, own, className));
    const tagStore = own.length > 0 && typeof prototype.createTagStore === 'function';
    if (tagStore) replacements.push(...hookTagStore(prototype, entries));
  }
  return replacements;
}

/** better-sqlite3 and libsql: a Database class, whose `prepare` makes Statements of a class they do not export. */
export function hookDriver(database: AnyFunction, entries: readonly CatalogEntry[]): Replacement[] {
  const prototype = database.prototype as Prototype | undefined;
  if (prototype === undefined || typeof prototype.prepare !== 'function') return [];
  const methods = entries.filter((entry) => entry.path.startsWith('Database.prototype.'));
  const statements = entries.filter((entry) => entry.path.startsWith('Statement.prototype.'));
  const replacements = hookMethods(prototype, methods);
  const prepare = replace(prototype, 'prepare', (original) =>
    passThrough(original, (statement, args) => {
      const sql = args[0];
      if (typeof statement !== 'object' || statement === null) return;
      if (typeof sql === 'string') sources.set(statement, sql);
      const own = prototypeWith(statement, 'all');
      if (own !== null) replacements.push(...hookMethods(own, statements));
    }),
  );
  if (prepare !== null) replacements.push(prepare);
  return replacements;
}

function hookTagStore(database: Prototype, entries: readonly CatalogEntry[]): Replacement[] {
  const methods = entries.filter((entry) => entry.path.startsWith('SQLTagStore.prototype.'));
  const replacements: Replacement[] = [];
  const create = replace(database, 'createTagStore', (original) =>
    passThrough(original, (store) => {
      const own = prototypeWith(store as object, 'all');
      if (own !== null) replacements.push(...hookMethods(own, methods));
    }),
  );
  return create === null ? replacements : [...replacements, create];
}

function hookMethods(prototype: Prototype, entries: readonly CatalogEntry[], className?: string): Replacement[] {
  if (hookedPrototypes.has(prototype)) return [];
  hookedPrototypes.add(prototype);
  const replacements: Replacement[] = [{ restore: () => void hookedPrototypes.delete(prototype) }];
  for (const entry of entries) {
    const method = entry.path.slice(entry.path.lastIndexOf('.') + 1);
    const name = className === undefined ? entry.name : `${entry.module}.${className}.${method}`;
    const replacement = replace(prototype, method, (original) => wrapQuery(original, { ...entry, name }));
    if (replacement !== null) replacements.push(replacement);
  }
  return replacements;
}

/** Each statement is an operation of its own, whose alternative shows its SQL. */
function wrapQuery(original: AnyFunction, entry: CatalogEntry): AnyFunction {
  const whole = register(new GuardedOperation(entry));
  const bySql = new Map<string, GuardedOperation>();
  const byStatement = new WeakMap<object, GuardedOperation>();
  const named = (sql: string): GuardedOperation => {
    const text = withoutLiterals(sql);
    let operation = bySql.get(text);
    if (operation === undefined) {
      if (text === '' || bySql.size >= STATEMENT_LIMIT) return whole;
      const alternative = entry.alternative.replace('sql', JSON.stringify(text));
      operation = register(new GuardedOperation({ ...entry, alternative }));
      bySql.set(text, operation);
    }
    return operation;
  };
  return wrapSync(original, whole, {
    operationOf(self, args) {
      if (typeof self !== 'object' || self === null) return whole;
      const known = byStatement.get(self);
      if (known !== undefined) return known;
      const statement = self as { source?: unknown; sourceSQL?: unknown };
      const source = sources.get(self) ?? statement.source ?? statement.sourceSQL;
      if (typeof source !== 'string') return named(sqlOf(args[0]));
      const operation = named(source);
      byStatement.set(self, operation);
      return operation;
    },
  });
}

/** The first argument as SQL: a string, or the parts of a tagged template. */
function sqlOf(value: unknown): string {
  if (Array.isArray(value)) return value.join('?');
  return typeof value === 'string' ? value : '';
}

/** Looks at what a function returns without being an operation itself. */
function passThrough(original: AnyFunction, look: (result: unknown, args: ArrayLike<unknown>) => void): AnyFunction {
  const wrapper = function (this: unknown): unknown {
    let result: unknown;
    try {
      result = Reflect.apply(original, this, arguments as never);
    } catch (error) {
      throw withoutOurFrames(error, wrapper); // node-do-not-add-exception-line
    }
    const args = arguments;
    try {
      quietly(() => look(result, args));
    } catch {
      // A driver unlike the ones we know: its statements stay as they are.
    }
    return result;
  };
  for (const key of ['length', 'name']) {
    Object.defineProperty(wrapper, key, Object.getOwnPropertyDescriptor(original, key) as PropertyDescriptor);
  }
  return wrapper;
}

/** The object on the prototype chain that has the method itself. */
function prototypeWith(object: object, method: string): Prototype | null {
  let at = Object.getPrototypeOf(object);
  while (at !== null && !Object.hasOwn(at, method)) at = Object.getPrototypeOf(at);
  return at;
}
