import { signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';
const KEY = 'holdup.theme';
const ORDER: readonly Theme[] = ['system', 'light', 'dark'];

export const theme = signal<Theme>(stored());
/** Counts up whenever the colours on the page changed, so that canvases are drawn anew. */
export const colours = signal(0);

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return ORDER.find((each) => each === value) ?? 'system';
  } catch {
    // Storage may be forbidden; the preference of the system is the answer then.
    return 'system';
  }
}

export function setTheme(next: Theme): void {
  theme.value = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // It holds until the page is closed.
  }
  show();
}

export function nextTheme(): void {
  setTheme(ORDER[(ORDER.indexOf(theme.peek()) + 1) % ORDER.length] ?? 'system');
}

function show(): void {
  const root = document.documentElement;
  if (theme.peek() === 'system') delete root.dataset.theme;
  else root.dataset.theme = theme.peek();
  colours.value++;
}

export function startTheme(): void {
  show();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);
}
