import {
  BACKGROUND_ROUTE,
  OTHER_ROUTE,
  UNKNOWN_ROUTE,
  UNMATCHED_ROUTE,
  type ViewSummary,
} from '../../protocol/index.js';
import { count, duration, percent, plural, rate } from '../format.js';
import { legible, nameOf, viewKey, whole } from '../names.js';
import { hrefTo, queryOf, setQuery } from '../router.js';
import { manyServices, views } from '../store.js';
import { type Column, Table } from './table.js';

/** Every view of the fleet, busiest first. */
export function Views() {
  const text = queryOf('q').toLowerCase();
  const all = views.value;
  const found = all.filter((view) =>
    `${view.method} ${view.route} ${view.handler} ${view.service}`.toLowerCase().includes(text),
  );
  return (
    <section class="panel" aria-labelledby="views-title">
      <div class="panel-head">
        <h2 id="views-title">Views</h2>
        <p class="hint" role="status">
          {plural(found.length, 'view')}
        </p>
      </div>
      <div class="filters" role="search">
        <input
          type="search"
          data-filter
          placeholder="Filter by route or handler…"
          aria-label="Filter views"
          value={queryOf('q')}
          onInput={(event) => setQuery({ q: event.currentTarget.value })}
        />
      </div>
      <ViewTable views={found} sortable />
    </section>
  );
}

export function ViewTable({ views, sortable }: { readonly views: readonly ViewSummary[]; readonly sortable: boolean }) {
  if (views.length === 0) return <p class="empty">No request has been seen yet.</p>;
  return <Table label="Views" columns={COLUMNS} rows={views} keyOf={viewKey} sorted={sortable ? 'busyShare' : null} />;
}

/** What stands for no handler of the app. */
const PSEUDO_VIEWS: Readonly<Record<string, string>> = {
  [BACKGROUND_ROUTE]: 'work that no request started',
  [UNKNOWN_ROUTE]: 'holds that could be given to no view',
  [UNMATCHED_ROUTE]: 'answered by no route',
  [OTHER_ROUTE]: 'views beyond the limit of a process',
};

/** The bar is the share of one loop, so that rows and reloads compare. */
const COLUMNS: readonly Column<ViewSummary>[] = [
  {
    name: 'name',
    label: 'View',
    value: (view) => `${view.route} ${view.method}`,
    cell: (view) => (
      <a data-row href={hrefTo(['views', viewKey(view)])} class="view-name">
        <bdi class="mono clip" title={whole(view.route)}>
          {nameOf(view)}
        </bdi>
        <small>
          {view.handler !== '' && <bdi>{legible(view.handler, 60)}()</bdi>}
          <span>{PSEUDO_VIEWS[view.route] ?? view.kind}</span>
          {manyServices.value && <bdi>{legible(view.service, 40)}</bdi>}
        </small>
      </a>
    ),
  },
  {
    name: 'busyShare',
    label: 'Busy share',
    title: 'Loop time a second this view itself used, in the last minute',
    number: true,
    value: (view) => view.busyShare,
    cell: (view) => (
      <span class="share">
        <i class="share-bar">
          <i style={{ width: `${Math.min(100, view.busyShare * 100)}%` }} />
        </i>
        {percent(view.busyShare)}
      </span>
    ),
  },
  { name: 'active', label: 'Active', number: true, value: (view) => view.active, cell: (view) => count(view.active) },
  {
    name: 'rate',
    label: 'Req/s',
    number: true,
    value: (view) => view.requestsPerSecond,
    cell: (view) => rate(view.requestsPerSecond),
  },
  {
    name: 'requests',
    label: 'Requests',
    number: true,
    value: (view) => view.requests,
    cell: (view) => count(view.requests),
  },
  {
    name: 'p50',
    label: 'p50',
    title: 'Duration',
    number: true,
    value: (view) => view.duration.p50Ms,
    cell: (view) => duration(view.duration.p50Ms),
  },
  {
    name: 'p99',
    label: 'p99',
    title: 'Duration',
    number: true,
    value: (view) => view.duration.p99Ms,
    cell: (view) => duration(view.duration.p99Ms),
  },
  {
    name: 'busyP99',
    label: 'Busy p99',
    title: 'Time a request itself held the loop',
    number: true,
    value: (view) => view.busy.p99Ms,
    cell: (view) => duration(view.busy.p99Ms),
  },
  {
    name: 'wait',
    label: 'Waited',
    title: 'Time spent waiting while others held the loop',
    number: true,
    value: (view) => view.waitMs,
    cell: (view) => duration(view.waitMs),
  },
  {
    name: 'incidents',
    label: 'Incidents',
    number: true,
    value: (view) => view.incidents,
    cell: (view) => (view.incidents > 0 ? <span class="held">{view.incidents}</span> : '–'),
  },
];
