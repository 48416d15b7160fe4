import { Fragment } from 'preact';
import type { InstanceState, InstanceSummary } from '../../protocol/index.js';
import { firstOf } from '../first-of.js';
import { bytes, count, duration, percent, rate } from '../format.js';
import { legible, whole } from '../names.js';
import { hrefTo, queryOf, setQuery } from '../router.js';
import { instances } from '../store.js';
import { Age } from './age.js';
import { type Column, Table } from './table.js';

const ORDER: Readonly<Record<InstanceState, number>> = { blocked: 3, silent: 2, ok: 1, gone: 0 };

/** Every watched process; whoever is held right now comes first. */
export function Instances() {
  const all = instances.value;
  const text = queryOf('q').toLowerCase();
  const wanted = queryOf('state');
  const found = all.filter(
    (each) =>
      (wanted === '' || each.state === wanted) &&
      `${nameOfInstance(each)} ${each.role} ${each.nodeVersion} ${each.serviceVersion}`.toLowerCase().includes(text),
  );
  const states = (['blocked', 'silent', 'ok', 'gone'] as const)
    .map((state) => [state, all.filter((instance) => instance.state === state).length] as const)
    .filter(([, number]) => number > 0);
  return (
    <section class="panel" aria-labelledby="instances-title">
      <div class="panel-head">
        <h2 id="instances-title">Instances</h2>
        <p class="hint" role="status">
          <a href={hrefTo(['instances'])}>
            {all.length} {all.length === 1 ? 'process' : 'processes'}
          </a>
          {states.map(([state, number]) => (
            <Fragment key={state}>
              {', '}
              <a href={hrefTo(['instances'], { state })} aria-current={state === wanted ? 'true' : undefined}>
                {number} {state}
              </a>
            </Fragment>
          ))}
        </p>
      </div>
      <div class="filters" role="search">
        <input
          type="search"
          data-filter
          placeholder="Filter by service, host, process…"
          aria-label="Filter instances"
          value={queryOf('q')}
          onInput={(event) => setQuery({ q: event.currentTarget.value })}
        />
      </div>
      <InstanceTable instances={found} limit={Number.POSITIVE_INFINITY} sortable />
    </section>
  );
}

export function InstanceTable({
  instances,
  limit,
  sortable = false,
}: {
  readonly instances: readonly InstanceSummary[];
  readonly limit: number;
  readonly sortable?: boolean;
}) {
  if (instances.length === 0) return <p class="empty">{sortable ? 'No such process.' : 'No process reports.'}</p>;
  const inOrder = firstOf(instances, limit, byNeed);
  return (
    <Table
      label="Instances"
      columns={COLUMNS}
      rows={inOrder}
      keyOf={(instance) => instance.id}
      sorted={sortable ? 'state' : null}
      rowClass={(instance) => `instance-${instance.state}`}
    />
  );
}

/** Who is held right now first; then a fixed order, so that rows do not dance. */
function byNeed(a: InstanceSummary, b: InstanceSummary): number {
  return (
    ORDER[b.state] - ORDER[a.state] ||
    b.blockedForMs - a.blockedForMs ||
    compareText(a.service, b.service) ||
    compareText(a.host, b.host) ||
    a.pid - b.pid
  );
}

/** By code units: hundreds of names are compared every second, and a locale's order takes a hundred times as long. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function nameOfInstance(instance: InstanceSummary): string {
  return `${instance.service} ${instance.host} ${String(instance.pid).padStart(8, '0')}`;
}

/** Shape, word and colour say the same; the blocked colour only for blocked. */
export function StateMark({ instance }: { readonly instance: InstanceSummary }) {
  return (
    <span class={`state state-${instance.state}`}>
      <i class="mark" aria-hidden="true" />
      <span>
        {instance.state}
        {instance.state === 'blocked' && (
          <>
            {' '}
            <b>{duration(instance.blockedForMs)}</b>
            {instance.blockedView !== null && (
              <>
                {' by '}
                <bdi class="mono">{legible(instance.blockedView, 80)}</bdi>
              </>
            )}
          </>
        )}
      </span>
    </span>
  );
}

const COLUMNS: readonly Column<InstanceSummary>[] = [
  {
    name: 'name',
    label: 'Instance',
    value: nameOfInstance,
    cell: (instance) => (
      <a data-row class="view-name" href={hrefTo(['instances', instance.id])}>
        <bdi class="clip" title={whole(instance.id)}>
          {legible(instance.service, 60)} <span class="mono">{instance.pid}</span>
        </bdi>
        <small>
          <bdi>{legible(instance.host, 60)}</bdi> <bdi>{legible(instance.role, 40)}</bdi>
        </small>
      </a>
    ),
  },
  {
    name: 'state',
    label: 'State',
    value: (instance) => `${9 - ORDER[instance.state]}`,
    cell: (instance) => <StateMark instance={instance} />,
  },
  {
    name: 'utilization',
    label: 'Utilization',
    number: true,
    value: (each) => each.loop.utilization,
    cell: (each) => percent(each.loop.utilization),
  },
  {
    name: 'delay',
    label: 'Delay p99',
    number: true,
    value: (each) => each.loop.delayP99Ms,
    cell: (each) => duration(each.loop.delayP99Ms),
  },
  {
    name: 'max',
    label: 'Delay max',
    number: true,
    value: (each) => each.loop.delayMaxMs,
    cell: (each) => duration(each.loop.delayMaxMs),
  },
  { name: 'active', label: 'Active', number: true, value: (each) => each.active, cell: (each) => count(each.active) },
  {
    name: 'rate',
    label: 'Req/s',
    number: true,
    value: (each) => each.requestsPerSecond,
    cell: (each) => rate(each.requestsPerSecond),
  },
  { name: 'rss', label: 'RSS', number: true, value: (each) => each.rssBytes, cell: (each) => bytes(each.rssBytes) },
  {
    name: 'heap',
    label: 'Heap',
    number: true,
    value: (each) => each.heapUsedBytes,
    cell: (each) => bytes(each.heapUsedBytes),
  },
  {
    name: 'dropped',
    label: 'Dropped',
    title: 'What this process could not keep or send',
    number: true,
    value: (each) => each.dropped,
    cell: (each) => (each.dropped > 0 ? <span class="warn">{count(each.dropped)}</span> : '–'),
  },
  {
    name: 'node',
    label: 'Node',
    number: true,
    value: (each) => each.nodeVersion,
    cell: (each) => <bdi>{legible(each.nodeVersion, 20)}</bdi>,
  },
  {
    name: 'seen',
    label: 'Last report',
    number: true,
    value: (each) => each.lastSeen,
    cell: (each) => <Age at={each.lastSeen} />,
  },
];
