import { useSignal } from '@preact/signals';
import { viewName } from '../../protocol/index.js';
import { incidentHref } from '../addresses.js';
import { closeDialog, dialog } from '../dialogs.js';
import { duration } from '../format.js';
import { legible, nameOf, placeOf, viewKey } from '../names.js';
import { go, hrefTo } from '../router.js';
import { operationName } from '../sentence.js';
import { saveSnapshot } from '../snapshot-file.js';
import { incidents, instances, pausedAt, togglePause, views } from '../store.js';
import { setTheme } from '../theme.js';
import { Modal } from './modal.js';

interface Command {
  readonly kind: string;
  readonly name: string;
  readonly detail: string;
  readonly run: () => void;
}

const SHOWN = 12;

/** Go to anything by a few letters of its name. */
export function CommandPalette() {
  const text = useSignal('');
  const chosen = useSignal(0);
  const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = allCommands()
    .filter((command) => {
      const hay = `${command.kind} ${command.name} ${command.detail}`.toLowerCase();
      return words.every((word) => hay.includes(word));
    })
    .slice(0, SHOWN - 1);
  if (words.length > 0) {
    found.push({
      kind: 'Find',
      name: `“${legible(text.value, 60)}” in all incidents`,
      detail: '',
      run: () => go(hrefTo(['incidents'], { q: text.value, state: 'any' })),
    });
  }
  const at = Math.min(chosen.value, found.length - 1);
  const run = (command: Command | undefined): void => {
    closeDialog();
    command?.run();
  };
  const press = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      chosen.value = (at + step + found.length) % Math.max(1, found.length);
      event.preventDefault();
    } else if (event.key === 'Enter') {
      event.preventDefault();
      run(found[at]);
    }
  };
  return (
    <Modal label="Go to">
      <input
        class="command-input"
        type="text"
        role="combobox"
        aria-label="Go to a view, an incident, an instance or a page"
        aria-expanded="true"
        aria-controls="commands"
        aria-activedescendant={at >= 0 ? `command-${at}` : undefined}
        placeholder="Go to a view, an incident, an instance…"
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
          chosen.value = 0;
        }}
        onKeyDown={press}
      />
      <ul class="commands" id="commands" role="listbox" aria-label="Matches">
        {found.map((command, index) => (
          // The text field has the keyboard; the pointer is the other way in.
          <li
            key={`${command.kind} ${command.name} ${command.detail}`}
            id={`command-${index}`}
            role="option"
            aria-selected={index === at}
            onClick={() => run(command)}
          >
            <span class="hint">{command.kind}</span>
            <bdi class="clip">{command.name}</bdi>
            <bdi class="hint clip">{command.detail}</bdi>
          </li>
        ))}
      </ul>
    </Modal>
  );
}

function allCommands(): Command[] {
  const page = (name: string, path: readonly string[]): Command => ({
    kind: 'Page',
    name,
    detail: '',
    run: () => go(hrefTo(path)),
  });
  return [
    page('Overview', []),
    page('Incidents', ['incidents']),
    page('Views', ['views']),
    page('Instances', ['instances']),
    { kind: 'Do', name: pausedAt.value === null ? 'Pause' : 'Catch up', detail: 'Space', run: togglePause },
    { kind: 'Do', name: 'Dark theme', detail: '', run: () => setTheme('dark') },
    { kind: 'Do', name: 'Light theme', detail: '', run: () => setTheme('light') },
    { kind: 'Do', name: 'Theme of the system', detail: '', run: () => setTheme('system') },
    { kind: 'Do', name: 'Save what is shown as a file', detail: '', run: saveSnapshot },
    { kind: 'Do', name: 'Help', detail: '?', run: () => (dialog.value = 'help') },
    ...[...incidents.value]
      .sort((a, b) => b.delayedMs - a.delayedMs)
      .map((incident) => ({
        kind: 'Incident',
        name: `${operationName(incident)} in ${legible(viewName(incident.view), 80)}`,
        detail: `${placeOf(incident.site)} ${duration(incident.delayedMs)} ${legible(incident.service, 40)}`,
        run: () => go(incidentHref(incident)),
      })),
    ...views.value.map((view) => ({
      kind: 'View',
      name: nameOf(view),
      detail: legible(`${view.handler} ${view.service}`, 80),
      run: () => go(hrefTo(['views', viewKey(view)])),
    })),
    ...instances.value.map((instance) => ({
      kind: 'Instance',
      name: `${legible(instance.service, 60)} ${instance.pid}`,
      detail: `${legible(instance.host, 60)} ${instance.state}`,
      run: () => go(hrefTo(['instances', instance.id])),
    })),
  ];
}
