import { useSignal } from '@preact/signals';
import type { IncidentDetail } from '../../protocol/index.js';
import { Sparkline } from '../charts/sparkline.js';
import { count, dateTime, plural } from '../format.js';
import { legible } from '../names.js';
import { hrefTo } from '../router.js';

/** How often it happened: in the last minutes, and over the last day where that is kept. */
export function Trend({ incident }: { readonly incident: IncidentDetail }) {
  const asTable = useSignal(false);
  const sum = incident.trend.reduce((total, each) => total + each, 0);
  return (
    <section class="panel" aria-labelledby="trend-title">
      <div class="panel-head">
        <h2 id="trend-title">Trend</h2>
        <p class="hint">{plural(sum, 'time')} in the last 5 minutes</p>
        <button type="button" class="button" onClick={() => (asTable.value = !asTable.value)}>
          {asTable.value ? 'Chart' : 'Table'}
        </button>
      </div>
      {asTable.value ? (
        <div class="scroll short" role="region" aria-label="Trend" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Seconds ago</th>
                <th scope="col" class="number">
                  Count
                </th>
              </tr>
            </thead>
            <tbody>
              {incident.trend.toReversed().map((times, index) => (
                <tr key={index}>
                  <th scope="row">
                    {index * 10} to {index * 10 + 10}
                  </th>
                  <td class="number">{count(times)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <div class="trend-body">
          <Sparkline values={incident.trend} label={`${sum} occurrences in the last 5 minutes`} tall />
          <p class="trend-axis" aria-hidden="true">
            <span>5 min ago</span>
            <span>at most {count(Math.max(...incident.trend))} in 10 s</span>
            <span>now</span>
          </p>
        </div>
      )}
      <Hours hours={incident.hours} />
    </section>
  );
}

/** The processes and versions it was seen in, and why its occurrences are one incident. */
export function SeenOn({ incident }: { readonly incident: IncidentDetail }) {
  return (
    <section class="panel" aria-labelledby="seen-title">
      <div class="panel-head">
        <h2 id="seen-title">Seen on</h2>
        <p class="hint">{plural(incident.instances, 'instance')}</p>
      </div>
      <ul class="plain">
        {incident.seenOn.slice(0, 50).map((instance) => (
          <li key={instance.id}>
            <a href={hrefTo(['instances', instance.id])}>
              <bdi>{legible(instance.host, 60)}</bdi> <span class="mono">{instance.pid}</span>
            </a>{' '}
          </li>
        ))}
      </ul>
      <Versions incident={incident} />
      <details class="inner-fold">
        <summary>Why these are one incident</summary>
        <p class="inset-text">
          Same operation, same view, and the same frames of your own code by function and file. Line numbers do not
          count, so that an edit above does not make it a new incident.
        </p>
        <p class="inset-text mono hint">
          <bdi>{legible(incident.fingerprint)}</bdi>
        </p>
      </details>
    </section>
  );
}

/** How many hours the bars go back. */
const DAY_HOURS = 24;

/** The last day hour by hour, where the collector keeps it. */
function Hours({ hours }: { readonly hours: IncidentDetail['hours'] }) {
  const last = hours.at(-1)?.at ?? 0;
  if (hours.length < 2) return null;
  const counts = new Array<number>(DAY_HOURS).fill(0);
  for (const hour of hours) {
    const back = Math.round((last - hour.at) / 3_600_000);
    if (back < DAY_HOURS) counts[DAY_HOURS - 1 - back] = hour.count;
  }
  const sum = counts.reduce((total, each) => total + each, 0);
  return (
    <div class="trend-body">
      <Sparkline values={counts} label={`${sum} occurrences in 24 hours, by the hour`} tall />
      <p class="trend-axis" aria-hidden="true">
        <span>{dateTime(last - (DAY_HOURS - 1) * 3_600_000).slice(5, 16)}</span>
        <span>{dateTime(last).slice(5, 16)}, by the hour</span>
      </p>
    </div>
  );
}

function Versions({ incident }: { readonly incident: IncidentDetail }) {
  const known = incident.versions.filter((version) => version.serviceVersion !== '');
  if (known.length === 0) return null;
  return (
    <ul class="plain">
      {known.toReversed().map((version) => (
        <li key={version.serviceVersion}>
          Version <bdi class="mono">{legible(version.serviceVersion, 40)}</bdi>{' '}
          <span class="hint">
            {plural(version.count, 'time')}, since {dateTime(version.firstSeen)}
          </span>
        </li>
      ))}
    </ul>
  );
}
