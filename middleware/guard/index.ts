export { type AsyncUnsafeOptions, asyncUnsafe } from './async-unsafe.js';
export { SynchronousOnlyOperation } from './errors.js';
export { type Guard, installGuard } from './guard.js';
export { onModuleLoaded } from './module-load.js';
export { allowSync, witnessEverySite } from './witness.js';
export { quietly } from './wrap.js';
