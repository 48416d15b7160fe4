import type { IncidentDelta } from '../protocol/index.js';
import type { GroupTotals } from './store/store.js';

/** Sums of an incident group that go on growing. */
export class RunningTotals implements GroupTotals {
  count = 0;
  coldCount = 0;
  thrownCount = 0;
  totalMs = 0;
  maxMs = 0;
  delayedRequests = 0;
  delayedMs = 0;
  instances = 0;

  record(delta: IncidentDelta): void {
    this.add({ ...delta, instances: 0 });
  }

  add(more: GroupTotals): void {
    this.count += more.count;
    this.coldCount += more.coldCount;
    this.thrownCount += more.thrownCount;
    this.totalMs += more.totalMs;
    this.maxMs = Math.max(this.maxMs, more.maxMs);
    this.delayedRequests += more.delayedRequests;
    this.delayedMs += more.delayedMs;
    this.instances += more.instances;
  }

  data(): GroupTotals {
    return { ...this };
  }
}
