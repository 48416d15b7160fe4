import { useMemo, useRef } from 'preact/hooks';
import { type IncidentSummary, viewName } from '../../protocol/index.js';
import { plural } from '../format.js';
import { useGradual } from '../gradual.js';
import { legible } from '../names.js';
import { queryOf, setQuery } from '../router.js';
import { incidents } from '../store.js';
import { choices, type IncidentFilter, matches, type Part, partOf, SORTS, type SortName } from './incident-filters.js';
import { IncidentRows, machineWords } from './incident-rows.js';

/** Every incident group the page knows, filtered as the address says; cold ones apart. */
export function Incidents() {
  const all = incidents.value;
  const filter: IncidentFilter = {
    text: queryOf('q'),
    view: queryOf('view'),
    service: queryOf('service'),
    kind: queryOf('kind'),
    cause: queryOf('cause'),
    category: queryOf('category'),
    state: queryOf('state'),
  };
  const sort: SortName = queryOf('sort') in SORTS ? (queryOf('sort') as SortName) : 'delayed';
  const found = all.filter((incident) => matches(incident, filter)).sort(SORTS[sort].compare);
  const only = (part: Part) => found.filter((incident) => partOf(incident) === part);
  const steady = only('steady');
  const cold = only('cold');
  const machine = only('machine');
  const filtered = Object.values(filter).some(Boolean);
  return (
    <>
      <section class="panel" aria-labelledby="incidents-title">
        <div class="panel-head">
          <h2 id="incidents-title">Incidents</h2>
          <p class="hint" role="status">
            {plural(steady.length, 'group')}
            {filtered && `, filtered from ${all.length}`}
          </p>
          {filtered && (
            <button type="button" class="button" onClick={clearFilters}>
              Clear filters
            </button>
          )}
        </div>
        <div class="filters" role="search">
          <input
            type="search"
            data-filter
            placeholder="Filter by operation, view, file…"
            aria-label="Filter incidents by text"
            value={filter.text}
            onInput={(event) => setQuery({ q: event.currentTarget.value })}
          />
          <Choice name="view" label="View" value={filter.view} of={(each) => viewName(each.view)} />
          <Choice name="service" label="Service" value={filter.service} of={(each) => each.service} />
          <Choice name="kind" label="Kind" value={filter.kind} of={(each) => each.kind} />
          <Choice name="category" label="Category" value={filter.category} of={(each) => each.category} />
          <Choice name="cause" label="Cause" value={filter.cause} of={(each) => each.cause} />
          <label class={filter.state === '' ? 'choice' : 'choice chosen'}>
            <span>State</span>
            <select
              aria-label="State"
              value={filter.state}
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
          empty={
            filtered ? 'No incident matches these filters.' : 'Nothing has held a loop since this collector started.'
          }
        />
      </section>
      {machine.length > 0 && (
        <details class="panel fold" open={filter.cause === 'host'}>
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
  setQuery({ q: '', view: '', service: '', kind: '', cause: '', category: '', state: '' });
}

function Choice({
  name,
  label,
  value,
  of,
}: {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly of: (incident: IncidentSummary) => string;
}) {
  const known = useRef<readonly string[]>([]);
  const found = choices(incidents.value, of);
  // The same array while nothing is new, so that hundreds of options are not compared every second.
  if (found.join('\n') !== known.current.join('\n')) known.current = found;
  const options = known.current;
  // A choice among one is none; one that is in the address stays visible, so that it can be taken back.
  if (options.length < 2 && value === '') return null;
  const all = options.includes(value) || value === '' ? options : [value, ...options];
  return (
    <label class={value === '' ? 'choice' : 'choice chosen'}>
      <span>{label}</span>
      <select aria-label={label} value={value} onChange={(event) => setQuery({ [name]: event.currentTarget.value })}>
        <Options all={all} chosen={value} />
      </select>
    </label>
  );
}

/** A service may have hundreds of views: they come a hundred a frame, the chosen one at once. */
function Options({ all, chosen }: { readonly all: readonly string[]; readonly chosen: string }) {
  const drawn = useGradual(all.length, 100);
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
