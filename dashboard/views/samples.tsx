import type { IncidentDetail } from '../../protocol/index.js';
import { FreezeFrame } from '../charts/freeze-frame.js';
import { clock, dateTime, duration, percent, plural } from '../format.js';
import { stackText } from '../markdown.js';
import { legible, placeOf } from '../names.js';
import { queryOf, setQuery } from '../router.js';
import { Copy } from './copy.js';
import { Stack } from './stack.js';

/** The worst occurrences, one at a time: the freeze frame and the stack. */
export function Samples({ incident }: { readonly incident: IncidentDetail }) {
  const { samples } = incident;
  if (samples.length === 0) {
    return (
      <section class="panel" aria-labelledby="freeze-title">
        <div class="panel-head">
          <h2 id="freeze-title">Freeze frame</h2>
        </div>
        <p class="empty">
          No occurrence was kept whole. The worst ones are, as soon as one holds the loop for long enough.
        </p>
      </section>
    );
  }
  // Chosen by its moment, which stays the same when a worse sample arrives.
  const chosen = samples.findIndex((sample) => String(sample.at) === queryOf('sample'));
  const index = Math.max(0, chosen);
  const sample = samples[index];
  if (sample === undefined) return null;
  const show = (to: number): void => setQuery({ sample: String(samples[to]?.at ?? '') });
  const hidden = incident.delayedRequests > 0 && sample.delayed.length === 0;
  return (
    <>
      <section class="panel" aria-labelledby="freeze-title">
        <div class="panel-head">
          <h2 id="freeze-title">Freeze frame</h2>
          <p class="hint" title={dateTime(sample.at)}>
            {index === 0 ? 'Worst' : `No. ${index + 1}`} of {plural(samples.length, 'sample')}, {clock(sample.at)}
          </p>
          <div class="controls">
            <button
              type="button"
              class="button"
              data-key="previous-sample"
              aria-label="Previous sample"
              disabled={index === 0}
              onClick={() => show(index - 1)}
            >
              ←
            </button>
            <button
              type="button"
              class="button"
              data-key="next-sample"
              aria-label="Next sample"
              disabled={index === samples.length - 1}
              onClick={() => show(index + 1)}
            >
              →
            </button>
          </div>
        </div>
        <FreezeFrame sample={sample} culprit={incident.view} />
        <p class="hint inset-text">
          {sample.delayed.length === 0
            ? hidden
              ? 'No other request was in flight in this sample.'
              : 'No other request was in flight.'
            : 'The block of the loop lies across every request in flight; none of them could move until it ended.'}
          {sample.traceId !== '' && (
            <>
              {' '}
              Trace <bdi class="mono">{legible(sample.traceId, 64)}</bdi>
            </>
          )}
        </p>
      </section>
      <section class="panel" aria-labelledby="stack-title">
        <div class="panel-head">
          <h2 id="stack-title">Stack</h2>
          <p class="hint">innermost first</p>
          {sample.stack.length > 0 && <Copy text={() => stackText(sample.stack)} label="Copy stack" />}
        </div>
        <Stack stack={sample.stack} />
      </section>
      {samples.length > 1 && <WhereTimeWent incident={incident} />}
    </>
  );
}

/** With several samples: the innermost own frames by the time held beneath them. */
function WhereTimeWent({ incident }: { readonly incident: IncidentDetail }) {
  const byPlace = new Map<string, number>();
  let total = 0;
  for (const sample of incident.samples) {
    const frame = sample.stack.find((each) => each.inApp);
    if (frame === undefined) continue;
    const name = `${frame.function === '' ? '(anonymous)' : legible(frame.function, 60)} ${placeOf(frame)}`;
    byPlace.set(name, (byPlace.get(name) ?? 0) + sample.durationMs);
    total += sample.durationMs;
  }
  if (byPlace.size < 2) return null;
  return (
    <section class="panel" aria-labelledby="went-title">
      <div class="panel-head">
        <h2 id="went-title">Where the time went</h2>
        <p class="hint">{plural(incident.samples.length, 'sample')}, by your innermost frame</p>
      </div>
      <ol class="shares">
        {[...byPlace]
          .sort(([, a], [, b]) => b - a)
          .map(([name, ms]) => (
            <li key={name}>
              <bdi class="mono clip">{name}</bdi>
              <span class="share-bar">
                <i style={{ width: `${(ms / total) * 100}%` }} />
              </span>
              <span class="number">
                {percent(ms / total)} <small>{duration(ms)}</small>
              </span>
            </li>
          ))}
      </ol>
    </section>
  );
}
