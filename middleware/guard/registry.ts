import type { GuardedOperation } from './guarded-operation.js';
import type { Operation } from './operation-call.js';
import type { Mode } from './policy.js';

/** Every operation that has a wrapper in this process. Wrappers outlive a guard, so this does too. */
const operations: GuardedOperation[] = [];
let modeOf: (operation: Operation) => Mode = () => 'off';

/** Gives an operation the mode that the guard's policy has for it, now and whenever the policy changes. */
export function register(operation: GuardedOperation): GuardedOperation {
  operation.mode = modeOf(operation);
  operations.push(operation);
  return operation;
}

export function setModes(newModeOf: (operation: Operation) => Mode): void {
  modeOf = newModeOf;
  for (const operation of operations) operation.mode = modeOf(operation);
}

/** Forgets the call sites of the guard that ends. */
export function clearSites(): void {
  for (const operation of operations) operation.clear();
}

export function registeredCount(): number {
  return operations.length;
}
