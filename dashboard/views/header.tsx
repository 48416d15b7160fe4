import { dialog } from '../dialogs.js';
import { count } from '../format.js';
import { isAllKnown } from '../found-incidents.js';
import { hrefTo, page } from '../router.js';
import { incidents, instances, overview, views } from '../store.js';
import { nextTheme, theme } from '../theme.js';
import { ConnectionState } from './connection-state.js';
import { partOf } from './incident-filters.js';

export function Header() {
  const open = incidents.value.filter((incident) => incident.state === 'open' && partOf(incident) === 'steady').length;
  const blocked = instances.value.filter((instance) => instance.state === 'blocked').length;
  const present = instances.value.filter((instance) => instance.state !== 'gone').length;
  return (
    <header class="header">
      <a class="brand" href={hrefTo([])} aria-label="Holdup, overview">
        <svg viewBox="0 0 32 32" width="20" height="20" aria-hidden="true">
          <path class="loop" d="M26.5 12.2A11.2 11.2 0 1 0 26.5 19.8" />
          <rect class="bar" x="19.5" y="13.6" width="11" height="4.8" rx="1.4" />
        </svg>
        <span>Holdup</span>
      </a>
      <nav aria-label="Pages">
        <Tab path="" label="Overview" />
        <Tab path="incidents" label="Incidents" figure={isAllKnown() ? open : (overview.value?.incidents.open ?? 0)} />
        <Tab path="views" label="Views" figure={views.value.length} />
        <Tab path="instances" label="Instances" figure={present} held={blocked > 0} />
      </nav>
      <div class="header-end">
        <ConnectionState />
        <button type="button" class="button quiet wide-only" onClick={() => (dialog.value = 'commands')}>
          Go to <kbd>Ctrl K</kbd>
        </button>
        <button
          type="button"
          class="button quiet"
          onClick={nextTheme}
          aria-label={`Theme: ${theme.value}`}
          title="Theme"
        >
          <ThemeMark />
        </button>
        <button
          type="button"
          class="button quiet"
          onClick={() => (dialog.value = 'help')}
          aria-label="Help"
          title="Help"
        >
          ?
        </button>
      </div>
    </header>
  );
}

function Tab({
  path,
  label,
  figure = 0,
  held = false,
}: {
  readonly path: string;
  readonly label: string;
  readonly figure?: number;
  readonly held?: boolean;
}) {
  return (
    <a href={hrefTo(path === '' ? [] : [path])} aria-current={page.value === path ? 'page' : undefined}>
      {label}
      {figure > 0 && <span class={held ? 'figure held' : 'figure'}>{count(figure)}</span>}
    </a>
  );
}

/** A half-filled disc for the system's choice, an empty one for light, a full one for dark. */
function ThemeMark() {
  return (
    <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" class="theme-mark">
      <circle cx="8" cy="8" r="6" />
      {theme.value !== 'light' && (
        <path d={theme.value === 'dark' ? 'M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12z' : 'M8 2a6 6 0 0 1 0 12z'} />
      )}
    </svg>
  );
}
