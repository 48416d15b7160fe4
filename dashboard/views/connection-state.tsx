import type { ConnectionState as State } from '../connection.js';
import { duration } from '../format.js';
import { legible } from '../names.js';
import { catchUp, connection, feed, now, openedFile, pausedAt, togglePause } from '../store.js';

/** Whether what is shown is now: always there, and the button that stops it. */
export function ConnectionState() {
  const file = openedFile.value;
  if (file !== null) {
    return (
      <div class="connection still">
        <span class="dot hollow" aria-hidden="true" />
        <span class="connection-text" role="status">
          File <bdi>{legible(file, 24)}</bdi>
        </span>
        <button type="button" class="button" onClick={catchUp}>
          Back to live
        </button>
      </div>
    );
  }
  const state = connection.value;
  const paused = pausedAt.value;
  return (
    <div class={`connection ${paused === null ? state.name : 'still'}`}>
      <span class={paused === null && state.name === 'live' ? 'dot' : 'dot hollow'} aria-hidden="true" />
      <span class="connection-text" role="status">
        {paused === null
          ? wordsFor(state)
          : `Paused${state.name === 'live' ? '' : `, ${wordsFor(state).toLowerCase()}`}`}
      </span>
      {paused !== null && <span class="connection-detail">{behind(now.value - paused)} behind</span>}
      {paused === null && state.name === 'reconnecting' && <Retry state={state} />}
      <button type="button" class="button" onClick={togglePause} aria-keyshortcuts="Space">
        {paused === null ? 'Pause' : 'Catch up'}
      </button>
    </div>
  );
}

/** In whole seconds: it is drawn once a second. */
function behind(ms: number): string {
  return ms < 1_000 ? '0 s' : duration(Math.floor(ms / 1_000) * 1_000).replace(/\.0+(?= s)/, '');
}

function wordsFor(state: State): string {
  switch (state.name) {
    case 'connecting':
      return 'Connecting';
    case 'live':
      return 'Live';
    case 'lagged':
      return `Too slow, ${state.dropped} updates skipped`;
    case 'reconnecting':
      return 'Reconnecting';
    case 'refused':
      return 'Not signed in';
  }
}

function Retry({ state }: { readonly state: Extract<State, { name: 'reconnecting' }> }) {
  const waitMs = state.retryAt - now.value;
  return (
    <button type="button" class="button" onClick={feed.retryNow} title={`Attempt ${state.attempt}`}>
      {waitMs > 1_500 ? `Retry (${Math.round(waitMs / 1_000)} s)` : 'Retry'}
    </button>
  );
}
