import type { InstanceSummary } from '../../protocol/index.js';
import { duration } from '../format.js';
import { legible } from '../names.js';

/** While a loop is held: who holds it, and who is in flight behind it. Always there, so that nothing jumps. */
export function HeldNow({ instance }: { readonly instance: InstanceSummary }) {
  // An older collector, or a file of one, does not tell them.
  const { inFlight = [], blockedView } = instance;
  const held = instance.state === 'blocked';
  const most = Math.max(1, ...inFlight.map(({ active }) => active));
  return (
    <section class="panel" aria-labelledby="held-title">
      <div class="panel-head">
        <h2 id="held-title">Right now</h2>
        {held && (
          <p class="held">
            held <b>{duration(instance.blockedForMs)}</b> by{' '}
            {blockedView === null ? 'a view not known yet' : <bdi class="mono">{legible(blockedView)}</bdi>}
          </p>
        )}
      </div>
      {inFlight.length > 0 && (
        <ul class="waiting">
          {inFlight.map(({ view, active }) => (
            <li key={view}>
              <bdi class="mono clip">{legible(view)}</bdi>
              <span class="share-bar">
                <i style={{ width: `${(active / most) * 100}%` }} />
              </span>
              <span class="number">
                <b>{active}</b> {view === blockedView ? 'with it' : 'waiting'}
              </span>
            </li>
          ))}
        </ul>
      )}
      {inFlight.length === 0 && (
        <p class="hint inset-text">
          {held
            ? 'No request was in flight when it was last counted.'
            : 'Nothing holds its loop. Who waits for a hold is shown here while it lasts.'}
        </p>
      )}
    </section>
  );
}
