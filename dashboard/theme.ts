import { signal } from '@preact/signals';
import { applyTheme, storedTheme, storeTheme, THEMES, type Theme } from './stored-theme.js';

export const theme = signal<Theme>(storedTheme());
/** Counts up whenever the colours on the page changed, so that canvases are drawn anew. */
export const colours = signal(0);

export function setTheme(next: Theme): void {
  theme.value = next;
  storeTheme(next);
  show();
}

export function nextTheme(): void {
  setTheme(THEMES[(THEMES.indexOf(theme.peek()) + 1) % THEMES.length] ?? 'system');
}

function show(): void {
  applyTheme(theme.peek());
  colours.value++;
}

export function startTheme(): void {
  show();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);
}
