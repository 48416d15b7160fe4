import { type DroppedCount, type IncidentDelta, LIMITS } from '../../protocol/index.js';

/** Long enough to gather what one moment brings, short enough to be on the page at once. */
const GATHER_MS = 40;

/** Gathers incidents for a moment and merges those of one group, so that a storm of blocks is a few posts a second. */
export class IncidentOutbox {
  readonly #send: (incidents: readonly IncidentDelta[]) => void;
  readonly #onDropped: (contents: readonly DroppedCount[]) => void;
  readonly #gathered = new Map<string, IncidentDelta>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    send: (incidents: readonly IncidentDelta[]) => void,
    onDropped: (contents: readonly DroppedCount[]) => void,
  ) {
    this.#send = send;
    this.#onDropped = onDropped;
  }

  add(incident: IncidentDelta): void {
    // One site reached in two ways (allowed or not, by another cause) stays two records.
    const key = `${incident.fingerprint}\n${incident.cause}\n${incident.allowed}`;
    const known = this.#gathered.get(key);
    if (known !== undefined) this.#gathered.set(key, this.#merge(known, incident));
    else if (this.#gathered.size < LIMITS.incidentGroups) this.#gathered.set(key, incident);
    else this.#onDropped([{ what: 'incidents', count: 1 }]);
    this.#timer ??= setTimeout(() => this.flush(), GATHER_MS);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#gathered.size === 0) return;
    const incidents = [...this.#gathered.values()];
    this.#gathered.clear();
    this.#send(incidents);
  }

  #merge(a: IncidentDelta, b: IncidentDelta): IncidentDelta {
    const samples = [...a.samples, ...b.samples];
    const blocks = [...a.blocks, ...b.blocks];
    if (samples.length > LIMITS.samplesPerGroup) {
      this.#onDropped([{ what: 'samples', count: samples.length - LIMITS.samplesPerGroup }]);
      samples.sort((x, y) => y.durationMs - x.durationMs).length = LIMITS.samplesPerGroup;
    }
    if (blocks.length > LIMITS.blocksPerReport) {
      this.#onDropped([{ what: 'block marks', count: blocks.length - LIMITS.blocksPerReport }]);
      blocks.sort((x, y) => y.durationMs - x.durationMs).length = LIMITS.blocksPerReport;
    }
    return {
      ...b,
      count: a.count + b.count,
      coldCount: a.coldCount + b.coldCount,
      thrownCount: a.thrownCount + b.thrownCount,
      totalMs: a.totalMs + b.totalMs,
      maxMs: Math.max(a.maxMs, b.maxMs),
      delayedRequests: a.delayedRequests + b.delayedRequests,
      delayedMs: a.delayedMs + b.delayedMs,
      lastSeen: Math.max(a.lastSeen, b.lastSeen),
      samples,
      blocks,
    };
  }
}
