import { closeDialog, dialog } from './dialogs.js';
import { go, hrefTo, page, queryOf, setQuery } from './router.js';
import { togglePause } from './store.js';
import { nextTheme } from './theme.js';

/** Every key the page answers to, as the help shows them. */
export const KEYS = [
  ['Space', 'Pause, and catch up again'],
  ['j  k', 'Next and previous row'],
  ['Enter', 'Open the row'],
  ['/', 'Filter the list'],
  ['1  2  3  4', 'Overview, incidents, views, instances'],
  ['[  ]', 'Previous and next sample of an incident'],
  ['c', 'Copy what is shown as Markdown'],
  ['t', 'Theme: system, light, dark'],
  ['Ctrl K', 'Go to anything by name'],
  ['Esc', 'Leave a zoom, a dialog or a page'],
  ['?', 'This help'],
] as const;

const PAGES = ['', 'incidents', 'views', 'instances'] as const;

export function startKeyboard(): void {
  addEventListener('keydown', (event) => {
    if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      dialog.value = dialog.value === 'commands' ? null : 'commands';
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.value !== null) return;
    if (isTyping(event.target)) {
      if (event.key === 'Escape' && event.target instanceof HTMLElement) event.target.blur();
      return;
    }
    if (press(event)) event.preventDefault();
  });
}

/** True when the key was ours. */
function press(event: KeyboardEvent): boolean {
  switch (event.key) {
    case ' ':
      // Space on a button or a fold presses it, as everywhere.
      if (event.target instanceof Element && event.target.closest('button, summary, select') !== null) return false;
      togglePause();
      return true;
    case '?':
      dialog.value = 'help';
      return true;
    case 'j':
    case 'ArrowDown':
      return moveRow(1, event);
    case 'k':
    case 'ArrowUp':
      return moveRow(-1, event);
    case '/':
      return focusFilter();
    case '[':
    case ']':
      return pressNamed(event.key === '[' ? 'previous-sample' : 'next-sample');
    case 'c':
      return pressNamed('copy-markdown');
    case 't':
      nextTheme();
      return true;
    case 'Escape':
      return leave();
    default: {
      const target = PAGES[Number(event.key) - 1];
      if (target === undefined) return false;
      go(hrefTo(target === '' ? [] : [target]));
      return true;
    }
  }
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select') !== null;
}

/** Rows are links; the selected row is the focused one, so that eyes, keys and screen readers agree. */
function moveRow(step: number, event: KeyboardEvent): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')];
  const at = rows.indexOf(document.activeElement as HTMLElement);
  // Arrows scroll the page until a row has been chosen.
  if (rows.length === 0 || (at === -1 && event.key.startsWith('Arrow'))) return false;
  const next = rows[at === -1 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step))];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
  return true;
}

function focusFilter(): boolean {
  const filter = document.querySelector<HTMLElement>('[data-filter]');
  if (filter === null) {
    go(hrefTo(['incidents']));
    requestAnimationFrame(() => document.querySelector<HTMLElement>('[data-filter]')?.focus());
    return true;
  }
  filter.focus();
  return true;
}

function pressNamed(name: string): boolean {
  const button = document.querySelector<HTMLButtonElement>(`[data-key="${name}"]`);
  button?.click();
  return button !== null;
}

function leave(): boolean {
  if (dialog.value !== null) closeDialog();
  else if (queryOf('zoom') !== '') setQuery({ zoom: '' });
  else if (location.hash.split('/').length > 2) go(hrefTo([page.value]));
  else if (page.value !== '') go(hrefTo([]));
  return true;
}
