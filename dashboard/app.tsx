import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { dialog } from './dialogs.js';
import { startKeyboard } from './keyboard.js';
import { page, route, startRouter } from './router.js';
import { goToPlace, startScrollPlace } from './scroll-place.js';
import { operationName } from './sentence.js';
import { incidents, openedFile, overview, startStore } from './store.js';
import { startTheme } from './theme.js';
import { Boundary } from './views/boundary.js';
import { CommandPalette } from './views/command-palette.js';
import { Header } from './views/header.js';
import { Help } from './views/help.js';
import { IncidentPage } from './views/incident.js';
import { Incidents } from './views/incidents.js';
import { InstancePage } from './views/instance.js';
import { Instances } from './views/instances.js';
import { Overview } from './views/overview.js';
import { Verdict } from './views/verdict.js';
import { ViewPage } from './views/view.js';
import { Views } from './views/views.js';

/** Takes over the document, which shows the verdict already. */
export function startApp(): void {
  startTheme();
  startRouter();
  startKeyboard();
  startScrollPlace();
  startStore();
  const root = document.getElementById('app');
  if (root !== null) render(<App />, root);
}

/** The page: always the header and the verdict, then what the address asks for. */
function App() {
  const { path } = route.value;
  useEffect(goToPlace, [path.join('/')]);
  const held = overview.value?.status === 'blocked' ? '● held now · ' : '';
  const title = `${held}${titleOf(path)}Holdup`;
  useEffect(() => {
    document.title = title;
  }, [title]);
  return (
    <>
      <a class="skip" href="#main" onClick={skipToMain}>
        Skip to content
      </a>
      <Header />
      <main id="main" tabIndex={-1}>
        <Verdict compact={path.length > 0} />
        <Boundary key={`${path.join('/')} ${openedFile.value}`}>
          <Page path={path} />
        </Boundary>
      </main>
      {dialog.value === 'help' && <Help />}
      {dialog.value === 'commands' && <CommandPalette />}
    </>
  );
}

function Page({ path }: { readonly path: readonly string[] }) {
  const [, id = ''] = path;
  switch (page.value) {
    case 'incidents':
      return id === '' ? <Incidents /> : <IncidentPage key={id} fingerprint={id} />;
    case 'views':
      return id === '' ? <Views /> : <ViewPage id={id} />;
    case 'instances':
      return id === '' ? <Instances /> : <InstancePage id={id} />;
    default:
      return <Overview />;
  }
}

function titleOf(path: readonly string[]): string {
  const [kind, id] = path;
  if (kind === undefined) return '';
  const open = incidents.value.find((incident) => incident.fingerprint === id);
  if (kind === 'incidents' && open !== undefined) return `${operationName(open)} · `;
  return `${kind.charAt(0).toUpperCase()}${kind.slice(1)} · `;
}

/** The hash is the router's, so the jump is made by hand. */
function skipToMain(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}
