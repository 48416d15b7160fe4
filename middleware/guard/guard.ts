import fs, { accessSync } from 'node:fs';
import Module from 'node:module';
import { packageOf } from '../package-name.js';
import { currentRun, ViewRun } from '../view-run.js';
import { ViewTotals } from '../view-totals.js';
import { LateBuiltins, restoreBuiltins, wrapBuiltins } from './builtins.js';
import { hookImports } from './module-import.js';
import { wrapModuleLoad } from './module-load.js';
import type { OperationSink } from './operation-call.js';
import { isOwn } from './own-frames.js';
import { hookLoadedPackages, hookNamespace, hookPackage } from './packages.js';
import { type AllowEntry, Policy, type PolicySettings } from './policy.js';
import { clearSites, registeredCount, setModes } from './registry.js';
import type { Replacement } from './replacement.js';
import { setWitness, witnessedBy } from './witness.js';
import { quietly } from './wrap.js';

export interface GuardSettings extends PolicySettings {
  /** `NODE_ENV=production`: HOLDUP_ALLOW_ASYNC_UNSAFE there is warned about. */
  readonly production: boolean;
}

export interface SelfTest {
  /** A sync-only call made for the purpose was seen. */
  readonly armed: boolean;
  /** How many operations are watched. */
  readonly operations: number;
  /** One line for a person, and a second one when something could not be covered. */
  readonly text: string;
}

/** What watches for sync-only operations in one process. */
export interface Guard {
  setPolicy(settings: PolicySettings): void;
  /** Puts the original functions back where nobody has put others on top; the wrappers that stay pass calls on. */
  stop(): void;
  selfTest(): SelfTest;
}

/** How soon a built-in that the app loaded late is noticed. */
const LATE_PERIOD_MS = 200;

/** Set on the global object, so that a second copy of Holdup in the process does not wrap everything again. */
const INSTALLED = Symbol.for('holdup.guard');

/** Watches every sync-only operation from now on and tells `sink` of those that views call. */
export function installGuard(settings: GuardSettings, sink: OperationSink): Guard {
  const owner = (globalThis as Record<symbol, unknown>)[INSTALLED];
  if (owner !== undefined) return NO_GUARD;
  return new ProcessGuard(settings, sink);
}

class ProcessGuard implements Guard {
  readonly #sink: OperationSink;
  readonly #loadedBefore = packagesLoaded();
  readonly #replacements: Replacement[];
  readonly #lateBuiltins = new LateBuiltins();
  readonly #timer: NodeJS.Timeout;
  readonly #imports = hookImports(hookNamespace);
  /** Entries that a person has been told about. */
  readonly #warned = new Set<AllowEntry>();

  constructor(settings: GuardSettings, sink: OperationSink) {
    this.#sink = sink;
    Object.defineProperty(globalThis, INSTALLED, { value: this, configurable: true });
    this.setPolicy(settings);
    this.#replacements = [
      ...wrapBuiltins(),
      ...wrapModuleLoad((filename, module) => this.#moduleLoaded(filename, module)),
      ...hookLoadedPackages(),
    ];
    this.#lookForLateBuiltins();
    this.#timer = setInterval(() => this.#lookForLateBuiltins(), LATE_PERIOD_MS).unref();
    if (settings.allowAsyncUnsafe && settings.production) {
      warn(
        'HOLDUP_ALLOW_ASYNC_UNSAFE is set in production: sync-only operations are reported, none is stopped. Unset it.',
        'HOLDUP_ASYNC_UNSAFE',
      );
    }
  }

  setPolicy(settings: PolicySettings): void {
    const policy = new Policy(settings);
    for (const entry of policy.expired()) {
      if (this.#warned.has(entry)) continue;
      this.#warned.add(entry);
      warn(`an allow entry ended on ${entry.until}: ${JSON.stringify(entry)}`, 'HOLDUP_ALLOW_EXPIRED');
    }
    setModes((operation) => policy.modeOf(operation));
    setWitness(this.#sink, policy, () => this.setPolicy(settings));
  }

  stop(): void {
    if ((globalThis as Record<symbol, unknown>)[INSTALLED] !== this) return;
    delete (globalThis as Record<symbol, unknown>)[INSTALLED];
    setModes(() => 'off');
    setWitness(null, new Policy({ mode: 'off', allow: [], allowAsyncUnsafe: false }), () => {});
    clearInterval(this.#timer);
    this.#imports.stop();
    clearSites();
    restoreBuiltins(this.#replacements);
  }

  #moduleLoaded(filename: string, module: NodeModule): void {
    this.#replacements.push(...hookPackage(filename, module));
    this.#lookForLateBuiltins();
  }

  #lookForLateBuiltins(): void {
    this.#replacements.push(...quietly(() => this.#lateBuiltins.look()));
  }

  selfTest(): SelfTest {
    const seen = probe();
    const armed = seen === 2;
    const operations = registeredCount();
    const lines = [
      armed
        ? `guard armed: ${operations} sync-only operations watched`
        : `guard NOT armed: ${seen} of 2 sync-only calls made as a test were seen`,
    ];
    if (this.#loadedBefore.length > 0) {
      const named = this.#loadedBefore.slice(0, 5).join(', ');
      const rest = this.#loadedBefore.length > 5 ? `, … ${this.#loadedBefore.length} in all` : '';
      lines.push(
        `loaded before the guard, so references they took to sync functions are not covered: ${named}${rest} (cover them with: node --import holdup/register)`,
      );
    }
    return { armed, operations, text: lines.join('\n') };
  }
}

/** In a process that another copy of Holdup guards already. */
const NO_GUARD: Guard = {
  setPolicy() {},
  stop() {},
  selfTest: () => ({ armed: false, operations: 0, text: 'guard: another copy of Holdup watches this process already' }),
};

/** Makes two sync-only calls in a view run of its own, one by each way of referring to a built-in; counts those seen. */
function probe(): number {
  let seen = 0;
  const count: OperationSink = {
    recordOperation: () => {
      seen++;
      return null;
    },
    recordDropped() {},
  };
  const run = new ViewRun(
    0,
    new ViewTotals(0, { method: '', route: '(self-test)', handler: '', kind: 'sync' }),
    null,
    0,
  );
  for (const call of [() => fs.accessSync('.'), () => accessSync('.')]) {
    try {
      witnessedBy(count, () => currentRun.run(run, call));
    } catch {
      // In throw mode that is how it shows.
    }
  }
  return seen;
}

/** The packages, and the app's own CommonJS files as one, that were loaded before us. */
function packagesLoaded(): string[] {
  const cache = (Module as unknown as { _cache: Record<string, unknown> })._cache;
  const names = Object.keys(cache)
    .filter((file) => !isOwn(file))
    .map((file) => packageOf(file) || "the app's own files");
  return [...new Set(names)];
}

function warn(text: string, code: string): void {
  process.emitWarning(text, { type: 'HoldupWarning', code });
}
