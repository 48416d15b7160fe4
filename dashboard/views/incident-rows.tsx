import { useSignal } from '@preact/signals';
import type { IncidentSummary } from '../../protocol/index.js';
import { incidentHref, incidentKey } from '../addresses.js';
import { roundStep } from '../charts/freeze-scale.js';
import { Sparkline } from '../charts/sparkline.js';
import { count, duration, plural } from '../format.js';
import { memoRow } from '../memo-row.js';
import { legible, nameOf, placeOf, unplaced, whole, wholePlace } from '../names.js';
import { useRowWindow } from '../row-window.js';
import { operationName } from '../sentence.js';
import { manyServices } from '../store.js';
import { Age, NewBadge } from './age.js';

/** As many rows as are listed before somebody asks for more. */
const STEP = 100;

/** Incidents as rows that open. Cold ones tell their cold count. */
export function IncidentRows({
  incidents,
  empty,
  more = null,
  cold = false,
}: {
  readonly incidents: readonly IncidentSummary[];
  readonly empty: string;
  /** Asks the collector for more than the page knows; null when there is no more. */
  readonly more?: (() => void) | null;
  readonly cold?: boolean;
}) {
  const limit = useSignal(STEP);
  const { ref, from, to, beforePx, afterPx } = useRowWindow<HTMLOListElement>(Math.min(limit.value, incidents.length));
  if (incidents.length === 0) return <p class="empty">{empty}</p>;
  const left = incidents.length - limit.value;
  // Rounded, so that a worst incident that grows every second does not draw every row anew.
  const worst = roundStep(Math.max(1, ...incidents.map((incident) => incident.delayedMs)));
  return (
    <>
      <ol class="incident-rows" ref={ref} style={{ paddingTop: `${beforePx}px`, paddingBottom: `${afterPx}px` }}>
        {incidents.slice(from, to).map((incident) => (
          <IncidentRow key={incidentKey(incident)} incident={incident} worst={worst} cold={cold} />
        ))}
      </ol>
      {(left > 0 || more !== null) && (
        <button
          type="button"
          class="button more"
          onClick={() => {
            limit.value += STEP;
            if (left < STEP) more?.();
          }}
        >
          Show {left > 0 ? Math.min(STEP, left) : ''} more {more === null && `of ${left}`}
        </button>
      )}
    </>
  );
}

const IncidentRow = memoRow(
  'li',
  function Row({
    incident,
    worst,
    cold,
  }: {
    readonly incident: IncidentSummary;
    readonly worst: number;
    readonly cold: boolean;
  }) {
    const times = cold ? incident.coldCount : incident.count;
    const ended = incident.count + incident.coldCount > 0;
    return (
      <li>
        <a class="incident-row" data-row href={incidentHref(incident)}>
          <span class="cell delayed">
            <b>{duration(incident.delayedMs)}</b>
            <small>
              {incident.delayedRequests > 0 ? `${plural(incident.delayedRequests, 'request')} waited` : 'nobody waited'}
            </small>
            <i class="meter">
              <i style={{ width: `${(incident.delayedMs / worst) * 100}%` }} />
            </i>
          </span>
          <span class="cell what">
            <span class="title">
              <bdi class="operation" title={whole(incident.operation)}>
                {operationName(incident)}
              </bdi>
              <span class="in">in</span>
              <bdi class="mono" title={whole(incident.view.route)}>
                {nameOf(incident.view)}
              </bdi>
              <Badges incident={incident} />
            </span>
            <small>
              <bdi class="mono place" title={wholePlace(incident.site)}>
                {placeOf(incident.site) || unplaced(incident)}
              </bdi>
              {incident.site.function !== '' && <bdi>{legible(incident.site.function, 60)}()</bdi>}
              {incident.owner !== '' && <bdi>via {legible(incident.owner, 60)}</bdi>}
              {manyServices.value && <bdi>{legible(incident.service, 40)}</bdi>}
              {incident.instances > 1 && <span>{plural(incident.instances, 'instance')}</span>}
            </small>
          </span>
          <span class="cell trend">
            <Sparkline
              values={incident.trend}
              label={`Trend over 5 minutes, ${incident.trend.at(-1) ?? 0} in the last 10 s`}
            />
          </span>
          <span class="cell number">
            <b>{ended ? `${count(times)}×` : 'end not told'}</b>
            <small>{ended ? `max ${duration(incident.maxMs)}` : `at least ${duration(incident.maxMs)}`}</small>
          </span>
          <span class="cell number seen">
            <Age at={incident.lastSeen} />
          </span>
        </a>
      </li>
    );
  },
);

/** What the machine cost, in a sentence: nobody's code is at fault, so it stands apart from what somebody can repair. */
export function machineWords(incidents: readonly IncidentSummary[]): string {
  const sum = (of: (incident: IncidentSummary) => number): number =>
    incidents.reduce((total, incident) => total + of(incident), 0);
  const waited = sum((each) => each.delayedRequests);
  const cost =
    waited === 0 ? 'nobody waited' : `${plural(waited, 'request')} waited ${duration(sum((each) => each.delayedMs))}`;
  return `It gave processes no time ${plural(
    sum((each) => each.count + each.coldCount),
    'time',
  )}; ${cost}. No code is at fault.`;
}

export function Badges({ incident }: { readonly incident: IncidentSummary }) {
  return (
    <>
      {incident.regression === null ? (
        <NewBadge firstSeen={incident.firstSeen} />
      ) : (
        <span class="badge again" title="It came back after somebody had resolved it">
          regressed
        </span>
      )}
      {incident.thrownCount > 0 && <span class="badge">{count(incident.thrownCount)} refused</span>}
      {incident.allowed !== '' && (
        <span class="badge" title={whole(incident.allowed)}>
          allowed
        </span>
      )}
      {incident.state !== 'open' && (
        <span class="badge" title={whole(incident.stateReason)}>
          {incident.state}
        </span>
      )}
    </>
  );
}
