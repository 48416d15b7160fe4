import { randomUUID } from 'node:crypto';
import type { Fleet } from './fleet.js';
import { countersOf } from './fleet-restore.js';
import type { IncidentGroup } from './incident-group.js';
import type { Log } from './log.js';
import type { HistoryPoint, Store, StoreChanges, StoredGroupDetail, Total } from './store/store.js';

/** What a crash may cost at most. */
const SAVE_EVERY_MS = 1000;
/** Savings that somebody waits for come this far apart, so that a burst shares one. */
const GROUP_COMMIT_MS = 15;
/** More views than this are saved in turns. */
const TOTALS_AT_ONCE = 300;
/** How often fine points become coarse ones, and what other collectors saved is read. */
const MAINTAIN_EVERY_MS = 10_000;
const SHARED_EVERY_MS = 2000;
/** Clocks of several collectors may differ by this much. */
const SHARED_OVERLAP_MS = 15_000;
/** How long an answer waits for the disk before the sender is told to come again. */
const WAIT_MS = 4000;
/** How long the end waits for the last saving. */
const STOP_MS = 3000;

/** Saves what the fleet knows: once a second, and at once when somebody waits for it. */
export class Persistence {
  readonly #fleet: Fleet;
  readonly #store: Store;
  readonly #collector: string;
  readonly #now: () => number;
  readonly #log: Log;
  readonly #timer: NodeJS.Timeout;
  readonly #run = randomUUID();
  #waiters: (() => void)[] = [];
  #running: Promise<void> | null = null;
  #soon: NodeJS.Timeout | undefined;
  #maintainedAt = 0;
  #savedAt = 0;
  #sharedAt = 0;
  #countersSaved = '';
  /** What was sent to the store without an answer that it is saved: it goes again, unchanged, before anything else. */
  #unanswered: StoreChanges | null = null;
  #saves = 0;
  #failure = '';
  #failures = 0;
  #sizeBytes = 0;
  #stopped = false;

  constructor(fleet: Fleet, store: Store, collector: string, now: () => number, log: Log) {
    this.#fleet = fleet;
    this.#store = store;
    this.#collector = collector;
    this.#now = now;
    this.#log = log;
    fleet.incidents.samplesAreStored = store.kind !== 'memory';
    this.#timer = setInterval(() => void this.#save('everything'), SAVE_EVERY_MS);
    this.#timer.unref();
  }

  /** Why nothing can be saved now; empty when it can. */
  get failure(): string {
    return this.#store.down || this.#failure;
  }

  /** How often it began to fail. */
  get failures(): number {
    return this.#failures;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** The time, epoch milliseconds, up to which everything is saved and swept; 0 before the first time. */
  get savedAt(): number {
    return this.#savedAt;
  }

  get kind(): Store['kind'] {
    return this.#store.kind;
  }

  /**
   * Resolves to true once all that was recorded before survives a crash, and to false when that takes too long. While the
   * store fails, what is in memory has to do: better than to turn reports away.
   */
  async saved(): Promise<boolean> {
    if (this.#store.kind === 'memory' || this.failure !== '') return true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), WAIT_MS);
    });
    const done = new Promise<boolean>((resolve) => this.#waiters.push(() => resolve(true)));
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      void this.#save('incidents');
    }, GROUP_COMMIT_MS);
    const isSaved = await Promise.race([done, late]);
    clearTimeout(timer);
    return isSaved;
  }

  async groupDetail(group: IncidentGroup): Promise<StoredGroupDetail> {
    try {
      return await this.#store.groupDetail(group.service, group.fingerprint);
    } catch (error) {
      this.#fail(error);
      return { samples: [], hours: [] };
    }
  }

  async timeline(fromMs: number, toMs: number, stepMs: number): Promise<readonly HistoryPoint[]> {
    // The newest seconds may not be saved yet.
    await this.saved();
    return this.#store.timeline(fromMs, toMs, stepMs);
  }

  /** Saves the rest and lets go of the store. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
    // The store keeps nobody alive, but what is new is worth staying for.
    const staying = setInterval(() => {}, SAVE_EVERY_MS);
    let late: NodeJS.Timeout | undefined;
    // A store that answers no more must not hold up the end.
    const given = new Promise<void>((resolve) => {
      late = setTimeout(resolve, STOP_MS);
    });
    await Promise.race([this.#saveRest(), given]);
    clearTimeout(late);
    await this.#store.close();
    clearInterval(staying);
  }

  async #saveRest(): Promise<void> {
    const { unsaved, metrics } = this.#fleet;
    // What waits for its turn gets it now.
    do await this.#save('everything');
    while (unsaved.views.size + metrics.unsaved.size > 0 && this.failure === '');
  }

  /** One at a time; what comes meanwhile goes with the next. */
  async #save(what: 'everything' | 'incidents'): Promise<void> {
    while (this.#running !== null) await this.#running;
    this.#running = this.#saveNow(what);
    try {
      await this.#running;
    } finally {
      this.#running = null;
    }
  }

  async #saveNow(what: 'everything' | 'incidents'): Promise<void> {
    const waiters = this.#waiters;
    this.#waiters = [];
    const now = this.#now();
    try {
      if (this.#unanswered !== null) await this.#sendUnanswered(this.#unanswered);
      const changes = this.#take(what);
      if (hasContent(changes)) await this.#sendUnanswered(changes);
      this.#failed(null);
      if (what === 'everything') {
        await this.#upkeep(now);
        this.#savedAt = now;
      }
    } catch (error) {
      this.#fail(error);
    }
    for (const done of waiters) done();
  }

  async #sendUnanswered(changes: StoreChanges): Promise<void> {
    this.#unanswered = changes;
    await this.#store.save(changes);
    this.#unanswered = null;
  }

  /** What is new since the last time; it is the store's from now on. */
  #take(what: 'everything' | 'incidents'): StoreChanges {
    const { unsaved, timeline, metrics } = this.#fleet;
    const groups = [...unsaved.groups];
    const senders = [...unsaved.senders];
    unsaved.groups.clear();
    unsaved.senders.clear();
    const isAll = what === 'everything';
    const views = isAll ? [...unsaved.views].slice(0, TOTALS_AT_ONCE) : [];
    for (const view of views) unsaved.views.delete(view);
    const others = isAll ? [...metrics.unsaved].slice(0, TOTALS_AT_ONCE) : [];
    for (const other of others) metrics.unsaved.delete(other);
    const seconds = isAll ? timeline.takeUnsaved() : [];
    const totals: Total[] = views.map((view) => ({
      name: `view\n${view.key}`,
      body: view.total(),
    }));
    for (const { duration, ...labels } of others) {
      totals.push({
        name: Object.values(labels).join('\n'),
        body: { ...labels, duration: duration.data() } as Total['body'],
      });
    }
    const counters = countersOf(this.#fleet);
    const countersText = JSON.stringify(counters);
    if (isAll && countersText !== this.#countersSaved) {
      this.#countersSaved = countersText;
      totals.push({ name: 'counters', body: { type: 'counters', counters } });
    }
    return {
      collector: this.#collector,
      id: `${this.#run} ${++this.#saves}`,
      atMs: this.#now(),
      groups: groups.map((group) => group.takeUnsaved()),
      totals,
      senders: senders.map((entry) => entry.sender()),
      seconds,
    };
  }

  async #upkeep(now: number): Promise<void> {
    const { groups, views, senders } = this.#fleet.unsaved;
    this.#fleet.losses.record('unsaved incidents', groups.takeLost(), now);
    this.#fleet.losses.record('unsaved views', views.takeLost(), now);
    this.#fleet.losses.record('unsaved processes', senders.takeLost(), now);
    if (now - this.#maintainedAt >= MAINTAIN_EVERY_MS && !this.#stopped) {
      this.#maintainedAt = now;
      const { sizeBytes, droppedRows } = await this.#store.maintain(now);
      this.#sizeBytes = sizeBytes;
      this.#fleet.losses.record('stored rows', droppedRows, now);
    }
    if (this.#store.kind !== 'postgres' || now - this.#sharedAt < SHARED_EVERY_MS) return;
    const since = this.#sharedAt === 0 ? now : this.#sharedAt;
    this.#sharedAt = now;
    for (const stored of await this.#store.groupsSavedSince(since - SHARED_OVERLAP_MS))
      this.#fleet.restoreGroup(stored);
  }

  #fail(error: unknown): void {
    this.#failed(error instanceof Error ? error.message : String(error));
  }

  #failed(failure: string | null): void {
    if (failure === null && this.#failure !== '') this.#log.info('The store works again.');
    if (failure !== null && this.#failure === '') {
      this.#failures++;
      this.#log.warn({ failure }, 'The store fails; until it works again, what is new is kept in memory only.');
    }
    this.#failure = failure ?? '';
  }
}

function hasContent({ groups, totals, senders, seconds }: StoreChanges): boolean {
  return groups.length + totals.length + senders.length + seconds.length > 0;
}
