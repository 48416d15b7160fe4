import { type Signal, useSignal } from '@preact/signals';
import { type IncidentDetail, type IncidentState, viewName } from '../../protocol/index.js';
import { allowEntry } from '../allow-entry.js';
import { alternativeFor } from '../alternative.js';
import { type Detail, useIncidentDetail } from '../detail.js';
import { editorLink } from '../editor.js';
import { count, dateTime, duration, plural } from '../format.js';
import { incidentMarkdown } from '../markdown.js';
import { legible, longerPlace, nameOf, unplaced, whole, wholePlace } from '../names.js';
import { hrefTo, queryOf } from '../router.js';
import { operationName, sentenceFor } from '../sentence.js';
import { instances, openedFile } from '../store.js';
import { Age } from './age.js';
import { CodeBox, CodeFrame } from './code.js';
import { Copy, CopyMarkdown } from './copy.js';
import { Decision, DecisionButtons } from './decision.js';
import { type Figure, Figures } from './figures.js';
import { SeenOn, Trend } from './incident-history.js';
import { Badges } from './incident-rows.js';
import { Rich } from './rich.js';
import { Samples } from './samples.js';

/** One incident: what happened, where, who paid, and what to write instead. */
export function IncidentPage({ fingerprint }: { readonly fingerprint: string }) {
  const signal = useIncidentDetail(fingerprint, queryOf('service'));
  const detail = signal.value;
  return (
    <>
      <nav class="crumbs" aria-label="Where this is">
        <a href={hrefTo(['incidents'])}>Incidents</a>
      </nav>
      {detail.state === 'loading' && <div class="panel placeholder" aria-hidden="true" />}
      {detail.state === 'missing' && (
        <p class="panel empty">
          This incident is not known to this collector. It may have been forgotten after its retention.
        </p>
      )}
      {detail.state === 'failed' && <p class="panel empty">{detail.why}</p>}
      {detail.state === 'ready' && <Whole incident={detail.incident} detail={signal} />}
    </>
  );
}

function Whole({ incident, detail }: { readonly incident: IncidentDetail; readonly detail: Signal<Detail> }) {
  const asked = useSignal<IncidentState | null>(null);
  return (
    <article class="incident" aria-labelledby="incident-title">
      <section class="panel" aria-labelledby="incident-title">
        <div class="page-title">
          <h2 id="incident-title">
            <bdi class="mono" title={whole(incident.operation)}>
              {operationName(incident)}
            </bdi>{' '}
            <span class="in">in</span>{' '}
            <a href={hrefTo(['incidents'], { view: viewName(incident.view), service: incident.service })}>
              <bdi class="mono">{nameOf(incident.view)}</bdi>
            </a>{' '}
            <Badges incident={incident} />
            <a class="badge" href={hrefTo(['incidents'], { category: incident.category })}>
              {incident.category}
            </a>
            {isHeldNow(incident) && <span class="badge held-now">holding now</span>}
          </h2>
          <div class="controls">
            {incident.state === 'open' && openedFile.value === null && <DecisionButtons asked={asked} />}
            <CopyMarkdown text={() => incidentMarkdown(incident)} />
          </div>
        </div>
        <p class="incident-sentence">
          <Rich text={sentenceFor(incident)} />
        </p>
        {incident.allowed !== '' && (
          <p class="note">
            Allowed: <q>{whole(incident.allowed)}</q>
          </p>
        )}
        <Decision incident={incident} detail={detail} asked={asked} />
        <Totals incident={incident} />
      </section>
      <div class="columns">
        <div class="column">
          <Samples incident={incident} />
          <Trend incident={incident} />
        </div>
        <div class="column side">
          <Source incident={incident} />
          <Remedy incident={incident} />
          <SeenOn incident={incident} />
        </div>
      </div>
    </article>
  );
}

/** A loop of its service is held by its view at this moment. */
function isHeldNow({ service, view }: IncidentDetail): boolean {
  return instances.value.some((each) => each.service === service && each.blockedView === viewName(view));
}

function Totals({ incident }: { readonly incident: IncidentDetail }) {
  const figures: readonly Figure[] = [
    ['Delayed time', duration(incident.delayedMs), `${plural(incident.delayedRequests, 'request')} waited`],
    ['Held in all', duration(incident.totalMs), `at most ${duration(incident.maxMs)} at once`],
    ['Count', count(incident.count), incident.coldCount > 0 ? `and ${count(incident.coldCount)} cold` : 'steady'],
    ['Last seen', <Age at={incident.lastSeen} />, dateTime(incident.lastSeen)],
    ['First seen', <Age at={incident.firstSeen} />, dateTime(incident.firstSeen)],
  ];
  return <Figures of={figures} inset />;
}

function Source({ incident }: { readonly incident: IncidentDetail }) {
  const link = editorLink(incident.site);
  const place = longerPlace(incident.site);
  return (
    <section class="panel first" aria-labelledby="source-title">
      <div class="panel-head">
        <h2 id="source-title">Source</h2>
        <div class="controls">
          {place !== '' && <Copy text={() => wholePlace(incident.site)} label="Copy path" />}
          {link !== null && (
            <a class="button" href={link}>
              Open in editor
            </a>
          )}
        </div>
      </div>
      <p class="source-place mono">
        <bdi title={wholePlace(incident.site)}>{place || unplaced(incident)}</bdi>
        {incident.site.function !== '' && <bdi class="hint"> in {legible(incident.site.function)}()</bdi>}
      </p>
      {incident.codeFrame !== null && <CodeFrame frame={incident.codeFrame} site={incident.site} />}
      {incident.owner !== '' && (
        <p class="hint inset-text">
          The call was made by <bdi class="mono">{legible(incident.owner)}</bdi>.
        </p>
      )}
    </section>
  );
}

function Remedy({ incident }: { readonly incident: IncidentDetail }) {
  const entry = allowEntry(incident);
  const alternative = alternativeFor(incident);
  return (
    <section class="panel first" aria-labelledby="remedy-title">
      <div class="panel-head">
        <h2 id="remedy-title">{incident.alternative === '' ? 'What to do' : 'Write instead'}</h2>
      </div>
      {incident.alternative !== '' ? (
        <CodeBox code={alternative} look="instead" />
      ) : (
        <p class="inset-text">{adviceFor(incident)}</p>
      )}
      <details class="inner-fold">
        <summary>Or allow it, with a reason</summary>
        <CodeBox code={entry} />
        <p class="hint inset-text">It stays visible, marked as allowed with your reason.</p>
      </details>
    </section>
  );
}

function adviceFor(incident: IncidentDetail): string {
  if (incident.cause === 'gc')
    return 'Allocate less at once: stream large results, reuse buffers, and look at the heap.';
  if (incident.cause === 'host')
    return 'The code is not at fault. Give the machine or container more CPU, or run fewer processes on it.';
  if (/^RegExp\./.test(incident.samples[0]?.stack[0]?.function ?? ''))
    return 'A pattern that backtracks takes twice as long for each further character. Leave out nested repetitions, limit the length of what it is given, or match with a linear-time engine such as RE2.';
  if (incident.samples[0]?.note !== undefined)
    return 'Each of these calls is short; together they hold the loop. Make fewer of them, or use their async forms, which let the loop turn in between.';
  return 'Split the work and let the loop turn in between, stream it, or move it to a worker thread with syncToAsync().';
}
