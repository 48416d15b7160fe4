import { useMemo } from 'preact/hooks';
import { type IncidentSummary, matchesFilter, viewName } from '../../protocol/index.js';
import { count, plural } from '../format.js';
import { isAllKnown, useFoundIncidents } from '../found-incidents.js';
import { useGradual } from '../gradual.js';
import { listMarkdown } from '../markdown.js';
import { legible } from '../names.js';
import { queryOf, setQuery } from '../router.js';
import { incidents, openedFile, overview } from '../store.js';
import { CopyMarkdown } from './copy.js';
import { askedFor, choices, FILTERS, type Part, partOf, SORTS, type SortName, toFilter } from './incident-filters.js';
import { IncidentRows, machineWords } from './incident-rows.js';

/** Every incident group the page knows, filtered as the address says; cold ones apart. */
export function Incidents() {
  const asked = askedFor();
  const filter = toFilter(asked);
  const { incidents: all, more } = useFoundIncidents(isAllKnown() ? null : asked);
  const sort: SortName = queryOf('sort') in SORTS ? (queryOf('sort') as SortName) : 'delayed';
  const found = all.filter((incident) => matchesFilter(incident, filter)).sort(SORTS[sort].compare);
  const only = (part: Part) => found.filter((incident) => partOf(incident) === part);
  const steady = only('steady');
  const cold = only('cold');
  const machine = only('machine');
  const filtered = [...FILTERS, 'state'].some(queryOf);
  return (
    <>
      <section class="panel" aria-labelledby="incidents-title">
        <div class="panel-head">
          <h2 id="incidents-title">Incidents</h2>
          <p class="hint" role="status">
            {plural(steady.length, 'group')}
            {more !== null && ' so far'}
            {filtered && `, filtered from ${count(overview.value?.incidents.total ?? all.length)}`}
          </p>
          {filtered && (
            <button type="button" class="button" onClick={clearFilters}>
              Clear filters
            </button>
          )}
          <CopyMarkdown text={() => listMarkdown(steady)} />
        </div>
        <div class="filters" role="search">
          <input
            type="search"
            data-filter
            placeholder="Filter by operation, view, file…"
            aria-label="Filter incidents by text"
            value={queryOf('q')}
            onInput={(event) => setQuery({ q: event.currentTarget.value })}
          />
          <Choice name="view" label="View" of={(each) => viewName(each.view)} />
          <Choice name="service" label="Service" of={(each) => each.service} />
          <Choice name="kind" label="Kind" of={(each) => each.kind} />
          <Choice name="category" label="Category" of={(each) => each.category} />
          <Choice name="cause" label="Cause" of={(each) => each.cause} />
          <label class={queryOf('state') === '' ? 'choice' : 'choice chosen'}>
            <span>State</span>
            <select
              aria-label="State"
              value={queryOf('state')}
              onChange={(event) => setQuery({ state: event.currentTarget.value })}
            >
              <option value="">open</option>
              <option value="resolved">resolved</option>
              <option value="ignored">ignored</option>
              <option value="any">any</option>
            </select>
          </label>
          <label class="choice">
            <span>Sort</span>
            <select aria-label="Sort" value={sort} onChange={(event) => setQuery({ sort: event.currentTarget.value })}>
              {Object.entries(SORTS).map(([name, { label }]) => (
                <option key={name} value={name}>
                  {label}
                </option>
              ))}
            </select>
          </label>
        </div>
        <IncidentRows
          incidents={steady}
          more={more}
          empty={
            filtered ? 'No incident matches these filters.' : 'Nothing has held a loop since this collector started.'
          }
        />
      </section>
      {machine.length > 0 && (
        <details class="panel fold" open={asked.cause === 'host'}>
          <summary>
            <h2>The machine</h2>
            <p class="hint">{machineWords(machine)}</p>
          </summary>
          <IncidentRows incidents={machine} empty="" />
        </details>
      )}
      {cold.length > 0 && (
        <details class="panel fold" open={queryOf('cold') === 'open'}>
          <summary>
            <h2>Cold</h2>
            <p class="hint">
              {plural(cold.length, 'group')} of first-time work: module loading, first use during warm-up
            </p>
          </summary>
          <IncidentRows incidents={cold} empty="" cold />
        </details>
      )}
    </>
  );
}

function clearFilters(): void {
  setQuery(Object.fromEntries([...FILTERS, 'state'].map((name) => [name, ''])));
}

function Choice({
  name,
  label,
  of,
}: {
  readonly name: string;
  readonly label: string;
  readonly of: (incident: IncidentSummary) => string;
}) {
  const value = queryOf(name);
  const all = incidents.value;
  // An incident never changes what it is: only another one brings another choice.
  const options = useMemo(() => choices(all, of), [all.length, openedFile.value]);
  const offered = useMemo(
    () => (options.includes(value) || value === '' ? options : [value, ...options]),
    [options, value],
  );
  // A choice among one is none; one that is in the address stays visible, so that it can be taken back.
  if (options.length < 2 && value === '') return null;
  return (
    <label class={value === '' ? 'choice' : 'choice chosen'}>
      <span>{label}</span>
      <select aria-label={label} value={value} onChange={(event) => setQuery({ [name]: event.currentTarget.value })}>
        <Options all={offered} chosen={value} />
      </select>
    </label>
  );
}

/** A service may have hundreds of views: they come some a frame, the chosen one at once. */
function Options({ all, chosen }: { readonly all: readonly string[]; readonly chosen: string }) {
  const drawn = useGradual(all.length, 50);
  const options = useMemo(
    () =>
      all
        .filter((option, index) => index < drawn || option === chosen)
        .map((option) => (
          <option key={option} value={option}>
            {legible(option, 80)}
          </option>
        )),
    [all, drawn, chosen],
  );
  return (
    <>
      <option value="">all</option>
      {options}
    </>
  );
}
