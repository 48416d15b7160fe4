import { fileURLToPath } from 'node:url';
import { type View, viewName } from '../../protocol/index.js';
import { packageOf } from '../package-name.js';
import { isNode } from './call-site.js';
import type { CallSite, Operation } from './operation-call.js';

/** `report`: record it. `throw`: raise SynchronousOnlyOperation instead of running it. `off`: let it be. */
export type Mode = 'report' | 'throw' | 'off';

/** A known exception. Every condition that is given must hold; `*` stands for any characters. */
export interface AllowEntry {
  /** `fs.readFileSync`, `fs.*` */
  readonly operation?: string | undefined;
  /** The end of the path of a file of the app that is on the stack: `src/templates.js`. */
  readonly file?: string | undefined;
  /** A function of the app that is on the stack: `warmCache`, `Templates.load`. */
  readonly function?: string | undefined;
  /** The package under node_modules that makes the call, on its own or for another package: `pug`. */
  readonly package?: string | undefined;
  /** `GET /books/:id` */
  readonly view?: string | undefined;
  /** The last day on which it is allowed, `2026-12-31`; after it the call is reported again. */
  readonly until?: string | undefined;
  /** Why; shown beside the incident. */
  readonly reason: string;
}

export interface PolicySettings {
  readonly mode: Mode;
  /** Exceptions to `mode` by operation (`fs.existsSync`, `fs.*`) or category (`crypto`); the last that fits wins. */
  readonly modes?: Readonly<Record<string, Mode>> | undefined;
  readonly allow: readonly AllowEntry[];
  /** HOLDUP_ALLOW_ASYNC_UNSAFE: report where `throw` is asked for. */
  readonly allowAsyncUnsafe: boolean;
}

interface Rule {
  readonly entry: AllowEntry;
  readonly endsAtMs: number;
  readonly fits: (operation: Operation, place: Place, view: string) => boolean;
}

/** What a call site says to a person: whose code it is. */
export interface Place {
  /** The app's own frames, innermost first. */
  readonly appFrames: readonly { readonly function: string; readonly path: string }[];
  /** The packages between the call and the app's own code, from the one that made the call. */
  readonly packages: readonly string[];
}

/** What is allowed, and what happens to what is not. */
export class Policy {
  readonly settings: PolicySettings;
  readonly #rules: readonly Rule[];
  readonly #modes: readonly (readonly [RegExp, Mode])[];
  /** When the next entry ends, epoch milliseconds. */
  readonly #nextEndMs: number;

  constructor(settings: PolicySettings, nowMs: number = Date.now()) {
    this.settings = settings;
    this.#rules = settings.allow.map(toRule).filter((rule) => rule.endsAtMs > nowMs);
    this.#nextEndMs = Math.min(...this.#rules.map((rule) => rule.endsAtMs), Number.POSITIVE_INFINITY);
    this.#modes = Object.entries(settings.modes ?? {}).map(([name, mode]) => [glob(name), mode] as const);
  }

  /** Entries whose date has passed: a person should renew or remove them. */
  expired(nowMs: number = Date.now()): AllowEntry[] {
    return this.settings.allow.filter((entry) => endOf(entry) <= nowMs);
  }

  /** True once an entry has ended since this policy was made: make it again. */
  isStale(nowMs: number): boolean {
    return nowMs >= this.#nextEndMs;
  }

  modeOf(operation: Operation): Mode {
    let mode = this.settings.mode;
    if (mode === 'off') return mode;
    for (const [name, chosen] of this.#modes) {
      if (name.test(operation.name) || name.test(operation.category)) mode = chosen;
    }
    return mode === 'throw' && this.settings.allowAsyncUnsafe ? 'report' : mode;
  }

  /** The reason an operation is allowed from a place; empty when it is not. */
  reason(operation: Operation, place: Place, view: View): string {
    if (this.#rules.length === 0) return '';
    const name = viewName(view);
    return this.#rules.find((rule) => rule.fits(operation, place, name))?.entry.reason ?? '';
  }
}

/** Reads a call site's frames once, for the policy. */
export function placeOf(site: CallSite): Place {
  const appFrames: { function: string; path: string }[] = [];
  const packages: string[] = [];
  for (const frame of site.frames) {
    if (frame.file === '' || isNode(frame.file)) continue;
    const owner = packageOf(frame.file);
    if (owner === '') appFrames.push({ function: frame.function, path: pathOf(frame.file) });
    else if (appFrames.length === 0 && !packages.includes(owner)) packages.push(owner);
  }
  return { appFrames, packages };
}

function pathOf(file: string): string {
  try {
    return (file.startsWith('file:') ? fileURLToPath(file) : file).replaceAll('\\', '/');
  } catch {
    return file;
  }
}

function toRule(entry: AllowEntry): Rule {
  const operation = entry.operation === undefined ? null : glob(entry.operation);
  const file = entry.file === undefined ? null : glob(`*/${entry.file.replaceAll('\\', '/').replace(/^(\.?\/)+/, '')}`);
  const fn = entry.function === undefined ? null : glob(entry.function);
  const owner = entry.package === undefined ? null : glob(entry.package);
  const view = entry.view === undefined ? null : glob(entry.view);
  return {
    entry,
    endsAtMs: endOf(entry),
    fits: (called, place, viewName) =>
      (operation === null || operation.test(called.name)) &&
      (view === null || view.test(viewName)) &&
      (owner === null || place.packages.some((name) => owner.test(name))) &&
      ((file === null && fn === null) ||
        place.appFrames.some(
          (frame) =>
            (file === null || file.test(frame.path)) &&
            (fn === null ||
              fn.test(frame.function) ||
              fn.test(frame.function.slice(frame.function.lastIndexOf('.') + 1))),
        )),
  };
}

/** The end of the entry's last day in UTC; infinity when it has none, or one that is not a date. */
function endOf(entry: AllowEntry): number {
  if (entry.until === undefined) return Number.POSITIVE_INFINITY;
  const at = Date.parse(entry.until);
  if (Number.isNaN(at)) return Number.POSITIVE_INFINITY;
  return /^\d{4}-\d\d-\d\d$/.test(entry.until) ? at + 24 * 3600 * 1000 : at;
}

function glob(pattern: string): RegExp {
  return new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 's');
}
