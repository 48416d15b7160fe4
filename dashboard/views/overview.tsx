import { Concurrency } from '../charts/concurrency.js';
import { firstOf } from '../first-of.js';
import { useGradual } from '../gradual.js';
import { hrefTo } from '../router.js';
import { incidents, instances, overview, views } from '../store.js';
import { FleetFigures } from './figures.js';
import { FirstSteps } from './first-steps.js';
import { byDelayedTime, partOf } from './incident-filters.js';
import { IncidentRows, machineWords } from './incident-rows.js';
import { InstanceTable } from './instances.js';
import { ViewTable } from './views.js';

const INCIDENTS = 8;
const VIEWS = 8;
const INSTANCES = 12;

/** Everything on one page, in the order a person needs it; each part leads to its own page. */
export function Overview() {
  if (overview.value === null) return <Waiting />;
  if (overview.value.status === 'waiting' && instances.value.length === 0) return <FirstSteps />;
  return <Parts />;
}

/** One more in every frame: what is read first is there first. */
function Parts() {
  const drawn = useGradual(4, 1);
  return (
    <>
      <FleetFigures />
      <Concurrency />
      {drawn > 1 && <WorstIncidents />}
      {drawn > 2 && <BusiestViews />}
      {drawn > 3 && <PresentInstances />}
    </>
  );
}

function WorstIncidents() {
  const open = incidents.value.filter((incident) => incident.state === 'open');
  const steady = open.filter((incident) => partOf(incident) === 'steady');
  const machine = open.filter((incident) => partOf(incident) === 'machine');
  return (
    <section class="panel" aria-labelledby="incidents-title">
      <div class="panel-head">
        <h2 id="incidents-title">Incidents</h2>
        <p class="hint">Worst delayed time first</p>
        <a class="button" href={hrefTo(['incidents'])}>
          {steady.length > INCIDENTS ? `All ${steady.length}` : 'All incidents'}
        </a>
      </div>
      <IncidentRows
        incidents={firstOf(steady, INCIDENTS, byDelayedTime)}
        empty="Nothing has held a loop since this collector started."
      />
      {machine.length > 0 && (
        <p class="apart hint">
          <a href={hrefTo(['incidents'], { cause: 'host' })}>The machine</a> stands apart. {machineWords(machine)}
        </p>
      )}
    </section>
  );
}

function BusiestViews() {
  const all = views.value;
  return (
    <section class="panel" aria-labelledby="views-title">
      <div class="panel-head">
        <h2 id="views-title">Views</h2>
        <p class="hint">Busiest in the last minute</p>
        <a class="button" href={hrefTo(['views'])}>
          {all.length > VIEWS ? `All ${all.length}` : 'All views'}
        </a>
      </div>
      <ViewTable
        views={firstOf(all, VIEWS, (a, b) => b.busyShare - a.busyShare || b.busyMs - a.busyMs)}
        sortable={false}
      />
    </section>
  );
}

function PresentInstances() {
  return (
    <section class="panel" aria-labelledby="instances-title">
      <div class="panel-head">
        <h2 id="instances-title">Instances</h2>
        <a class="button" href={hrefTo(['instances'])}>
          All instances
        </a>
      </div>
      <InstanceTable instances={instances.value.filter((instance) => instance.state !== 'gone')} limit={INSTANCES} />
    </section>
  );
}

/** Before the first snapshot: the shape of what comes, so that nothing jumps. */
function Waiting() {
  return <div class="panel placeholder" aria-hidden="true" />;
}
