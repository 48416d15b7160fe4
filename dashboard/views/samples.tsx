import type { IncidentDetail } from '../../protocol/index.js';
import { FreezeFrame } from '../charts/freeze-frame.js';
import { clock, dateTime, duration } from '../format.js';
import { stackText } from '../markdown.js';
import { legible } from '../names.js';
import { queryOf, setQuery } from '../router.js';
import { Copy } from './copy.js';
import { Stack } from './stack.js';
import { TimeSpent } from './time-spent.js';

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
  const longest = Math.max(...samples.map(({ durationMs }) => durationMs));
  const hidden = incident.delayedRequests > 0 && sample.delayed.length === 0;
  return (
    <>
      <section class="panel" aria-labelledby="freeze-title">
        <div class="panel-head">
          <h2 id="freeze-title">Freeze frame</h2>
          <p class="hint" title={dateTime(sample.at)}>
            Sample {index + 1} of {samples.length}, most delayed first, {clock(sample.at)}
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
        {sample.note !== undefined && (
          <p class="inset-text">
            Made of short calls: <bdi class="mono">{legible(sample.note)}</bdi>
          </p>
        )}
        <p class="hint inset-text">
          {sample.delayed.length === 0
            ? hidden
              ? 'No other request was in flight in this sample.'
              : 'No other request was in flight.'
            : 'The block of the loop lies across every request in flight; none of them could move until it ended.'}
          {sample.traceId !== '' && (
            <>
              {' '}
              Trace <bdi class="mono">{legible(sample.traceId, 64)}</bdi> <Copy text={() => sample.traceId} />
            </>
          )}
        </p>
        {samples.length > 1 && (
          <div class="trend-body">
            <div class="strip" role="group" aria-label="Samples">
              {samples.map(({ at, durationMs }, each) => {
                const words = `Sample ${each + 1}, ${duration(durationMs)}, ${clock(at)}`;
                return (
                  <button
                    type="button"
                    key={`${at} ${each}`}
                    aria-pressed={each === index}
                    aria-label={words}
                    title={words}
                    onClick={() => show(each)}
                  >
                    <i style={{ height: `${(durationMs / longest) * 100}%` }} />
                  </button>
                );
              })}
            </div>
            <p class="trend-axis" aria-hidden="true">
              <span>most delayed</span>
              <span>the taller, the longer the hold</span>
              <span>least</span>
            </p>
          </div>
        )}
      </section>
      <section class="panel" aria-labelledby="stack-title">
        <div class="panel-head">
          <h2 id="stack-title">Stack</h2>
          <p class="hint">innermost first</p>
          {sample.stack.length > 0 && <Copy text={() => stackText(sample.stack)} label="Copy stack" />}
        </div>
        <Stack stack={sample.stack} />
      </section>
      <TimeSpent samples={samples} />
    </>
  );
}
