import { incidentKey } from '../addresses.js';
import { age, bytes, count, duration, percent, rate } from '../format.js';
import { useFoundIncidents } from '../found-incidents.js';
import { legible, whole } from '../names.js';
import { hrefTo } from '../router.js';
import { instances, openedFile, overview, pictureTime } from '../store.js';
import { Figures } from './figures.js';
import { HeldNow } from './held-now.js';
import { byDelayedTime, partOf } from './incident-filters.js';
import { IncidentRows } from './incident-rows.js';
import { StateMark } from './instances.js';

/** One watched process: how it fares, what it waits for right now, and what has held its loop. */
export function InstancePage({ id }: { readonly id: string }) {
  const instance = instances.value.find((each) => each.id === id);
  const { asked, incidents, more } = useFoundIncidents(
    openedFile.value === null ? { instance: id, state: 'open' } : null,
    overview.value?.incidents.total,
  );
  if (instance === undefined) {
    return (
      <p class="panel empty">
        {overview.value === null ? 'Loading.' : 'This instance is not known to this collector (any more).'}
      </p>
    );
  }
  const { loop } = instance;
  const facts: readonly (readonly [string, string])[] = [
    ['Service', `${instance.service} ${instance.serviceVersion}`],
    ['Host', instance.host],
    ['Process', `${instance.pid}, ${instance.role}`],
    ['Node.js', instance.nodeVersion],
    ['Last report', age(instance.lastSeen, pictureTime.value)],
    ['Instance id', instance.id],
  ];
  const own = incidents.filter(
    (incident) => asked.has(incidentKey(incident)) && incident.state === 'open' && partOf(incident) === 'steady',
  );
  return (
    <>
      <nav class="crumbs" aria-label="Where this is">
        <a href={hrefTo(['instances'])}>Instances</a>
      </nav>
      <section class="panel" aria-labelledby="instance-title">
        <div class="page-title">
          <h2 id="instance-title">
            <bdi>{legible(instance.service)}</bdi> <span class="mono">{instance.pid}</span>
          </h2>
          <StateMark instance={instance} />
        </div>
        <Figures
          inset
          of={[
            ['Utilization', percent(loop.utilization), 'of its loop'],
            [
              'Loop delay p99',
              duration(loop.delayP99Ms),
              `p50 ${duration(loop.delayP50Ms)}, max ${duration(loop.delayMaxMs)}`,
            ],
            ['Active', count(instance.active), 'requests'],
            ['Traffic', rate(instance.requestsPerSecond), 'requests/s'],
            ['Memory', bytes(instance.rssBytes), `heap ${bytes(instance.heapUsedBytes)}`],
            ['Dropped', count(instance.dropped), 'not kept or sent'],
          ]}
        />
        <dl class="facts">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <bdi>{whole(value)}</bdi>
              </dd>
            </div>
          ))}
        </dl>
      </section>
      <div class="columns uneven">
        <HeldNow instance={instance} />
        <section class="panel" aria-labelledby="own-title">
          <div class="panel-head">
            <h2 id="own-title">Incidents seen on it</h2>
            <p class="hint">with the figures of the whole service</p>
          </div>
          <IncidentRows
            incidents={own.sort(byDelayedTime)}
            more={more}
            empty="No open incident has been seen on this process."
          />
        </section>
      </div>
    </>
  );
}
