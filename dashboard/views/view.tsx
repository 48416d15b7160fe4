import { matchesFilter, type ViewSummary, viewName } from '../../protocol/index.js';
import { Sparkline } from '../charts/sparkline.js';
import { count, duration, percent, rate } from '../format.js';
import { isAllKnown, useFoundIncidents } from '../found-incidents.js';
import { legible, nameOf, viewKey } from '../names.js';
import { hrefTo } from '../router.js';
import { overview, timeline, views } from '../store.js';
import { type Figure, Figures } from './figures.js';
import { byDelayedTime } from './incident-filters.js';
import { IncidentRows } from './incident-rows.js';

/** One view: its figures and its incidents. */
export function ViewPage({ id }: { readonly id: string }) {
  const view = views.value.find((each) => viewKey(each) === id);
  const asked = { service: view?.service ?? '', view: view === undefined ? '' : viewName(view) };
  const { incidents: all, more } = useFoundIncidents(
    view === undefined || isAllKnown() ? null : { ...asked, state: 'open' },
  );
  if (view === undefined) {
    return (
      <p class="panel empty">
        {overview.value === null ? 'Loading.' : 'This view has not been seen by this collector.'}
      </p>
    );
  }
  const own = all.filter((incident) => matchesFilter(incident, { ...asked, state: 'open' })).sort(byDelayedTime);
  const figures: readonly Figure[] = [
    ['Busy share', percent(view.busyShare), 'of a loop, last minute'],
    ['Active', count(view.active), 'requests'],
    ['Traffic', rate(view.requestsPerSecond), `requests/s, ${count(view.requests)} in all`],
    ['Duration p50', duration(view.duration.p50Ms), `p90 ${duration(view.duration.p90Ms)}`],
    ['Duration p99', duration(view.duration.p99Ms), `max ${duration(view.duration.maxMs)}`],
    ['Busy p99', duration(view.busy.p99Ms), `p50 ${duration(view.busy.p50Ms)}, max ${duration(view.busy.maxMs)}`],
    ['Held in all', duration(view.busyMs), 'by its own code'],
    ['Waited in all', duration(view.waitMs), 'for others'],
  ];
  return (
    <>
      <nav class="crumbs" aria-label="Where this is">
        <a href={hrefTo(['views'])}>Views</a>
      </nav>
      <section class="panel" aria-labelledby="view-title">
        <div class="page-title">
          <h2 id="view-title" class="mono">
            <bdi>{nameOf(view)}</bdi>
          </h2>
          <p class="hint">
            {view.handler !== '' && <bdi class="mono">{legible(view.handler)} </bdi>}
            {view.kind} handler in <bdi>{legible(view.service)}</bdi>
            {view.kind === 'sync' && '. A sync handler runs on the loop too: everyone waits while it runs.'}
          </p>
        </div>
        <Figures of={figures} inset />
      </section>
      <LastMinutes view={view} />
      <section class="panel" aria-labelledby="own-title">
        <div class="panel-head">
          <h2 id="own-title">Incidents in this view</h2>
        </div>
        <IncidentRows incidents={own} more={more} empty="This view has held the loop for nobody." />
      </section>
    </>
  );
}

/** The bars, 5 s each. */
const SLOTS = 60;
const SLOT_MS = 5_000;

/** When it held a loop, over all instances. */
function LastMinutes({ view }: { readonly view: ViewSummary }) {
  const held = new Array<number>(SLOTS).fill(0);
  const start = (timeline.value.at(-1)?.at ?? 0) + 1_000 - SLOTS * SLOT_MS;
  for (const block of timeline.value.flatMap((point) => point.blocks)) {
    if (block.view !== viewName(view) || (block.service ?? view.service) !== view.service) continue;
    const from = (block.at - start) / SLOT_MS;
    const to = from + block.durationMs / SLOT_MS;
    for (let slot = Math.max(0, Math.floor(from)); slot < Math.min(SLOTS, to); slot++) {
      held[slot] = (held[slot] ?? 0) + (Math.min(to, slot + 1) - Math.max(from, slot)) * SLOT_MS;
    }
  }
  const words = `at most ${duration(Math.max(...held))} in 5 s, over all instances`;
  return (
    <section class="panel" aria-labelledby="minutes-title">
      <div class="panel-head">
        <h2 id="minutes-title">Loop held</h2>
        <p class="hint">{words}</p>
      </div>
      <div class="trend-body spark-held">
        <Sparkline values={held} label={`Loop held in the last 5 minutes, ${words}`} tall />
        <p class="trend-axis" aria-hidden="true">
          <span>5 min ago</span>
          <span>now</span>
        </p>
      </div>
    </section>
  );
}
