import { signal } from '@preact/signals';

/** The one dialog that is open, if any. */
export const dialog = signal<'help' | 'commands' | null>(null);

export function closeDialog(): void {
  dialog.value = null;
}
