import { useRef } from 'preact/hooks';
import { incidentHref } from '../addresses.js';
import { count, percent } from '../format.js';
import { fleetMarkdown } from '../markdown.js';
import { legible } from '../names.js';
import { connection, overview, pausedAt } from '../store.js';
import { CopyMarkdown } from './copy.js';
import { Rich } from './rich.js';

/** One sentence about the fleet, always there, and beneath it whatever limits how far to trust it. */
export function Verdict({ compact }: { readonly compact: boolean }) {
  const current = overview.value;
  const status = current?.status ?? 'waiting';
  const text = sentence();
  // Its figures change every second; it is read out only when it says something else than before.
  const key = current === null ? '' : `${status} ${current.culprit}`;
  const spoken = useRef({ key: '', text: '' });
  if (spoken.current.key !== key) spoken.current = { key, text: spoken.current.key === '' ? '' : text };
  return (
    <section class={`verdict is-${status}${compact ? ' compact' : ''}`} aria-labelledby="verdict-title">
      <h1 id="verdict-title" class="unseen">
        Verdict
      </h1>
      <p class="sentence">
        <Rich text={text} />
      </p>
      <p class="unseen" role="status" aria-live="polite">
        {spoken.current.text}
      </p>
      {!compact && current !== null && status !== 'waiting' && (
        <div class="verdict-end">
          {current.culprit !== null && (
            <a
              class="button"
              href={incidentHref({ fingerprint: current.culprit, service: current.culpritService ?? '' })}
            >
              Open the incident
            </a>
          )}
          <CopyMarkdown text={fleetMarkdown} />
        </div>
      )}
      {!compact && <Cautions />}
    </section>
  );
}

function sentence(): string {
  const current = overview.value;
  if (current !== null) return legible(current.verdict, 600);
  switch (connection.value.name) {
    case 'refused':
      return 'This browser is not signed in. Open the link that the collector printed at its start.';
    case 'reconnecting':
      return 'The collector does not answer. This page keeps trying.';
    default:
      return 'Connecting to the collector.';
  }
}

/** What a person must know before believing the sentence: what was not kept, what could not be named. */
function Cautions() {
  const current = overview.value;
  if (current === null) return null;
  const lines: string[] = [];
  const dropped = Object.entries(current.dropped).filter(([, lost]) => lost > 0);
  if (dropped.length > 0) {
    const list = dropped.map(([what, lost]) => `${count(lost)} ${legible(what, 40)}`).join(', ');
    lines.push(`Not everything fitted and was kept: ${list} dropped.`);
  }
  if (current.loop.coverage < 0.99 && current.loop.blockedShare > 0) {
    lines.push(`${percent(1 - current.loop.coverage)} of the blocked time could be given to no view.`);
  }
  if (pausedAt.value === null && connection.value.name === 'reconnecting') {
    lines.push('The collector does not answer: these figures are the last it sent.');
  }
  if (lines.length === 0) return null;
  return (
    <ul class="cautions">
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}
