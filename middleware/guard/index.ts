export { type AsyncUnsafeOptions, asyncUnsafe } from './async-unsafe.js';
export { SynchronousOnlyOperation } from './errors.js';
export { type Guard, type GuardSettings, installGuard, type SelfTest } from './guard.js';
export { onModuleLoaded } from './module-load.js';
export type { AllowEntry, Mode } from './policy.js';
export { allowSync, witnessEverySite } from './witness.js';
export { quietly } from './wrap.js';
