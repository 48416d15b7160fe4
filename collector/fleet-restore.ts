import type { Fleet } from './fleet.js';
import type { StoredState } from './store/store.js';

const LOSS = 'dropped ';

/** Goes on where an earlier run stopped. Before the first report. */
export function restoreFleet(fleet: Fleet, state: StoredState, now: number): void {
  for (const stored of state.groups) fleet.incidents.restore(stored);
  for (const total of state.totals) {
    if (total.type === 'view') fleet.views.of(total.service, total.view).restore(total);
    else if (total.type === 'counters') restoreCounters(fleet, total.counters);
    else fleet.metrics.restore(total);
  }
  for (const sender of state.senders) fleet.instances.expect(sender);
  fleet.timeline.restore(state.seconds.filter(({ at }) => at < now));
}

/** Everything that `/metrics` counts and that is not a histogram. */
export function countersOf(fleet: Fleet): Record<string, number> {
  const counters = fleet.metrics.counters();
  for (const [what, count] of fleet.losses.all()) counters[`${LOSS}${what}`] = count;
  return counters;
}

function restoreCounters(fleet: Fleet, counters: Readonly<Record<string, number>>): void {
  fleet.metrics.restoreCounters(counters);
  for (const [name, count] of Object.entries(counters)) {
    if (name.startsWith(LOSS)) fleet.losses.count(name.slice(LOSS.length), count);
  }
}
