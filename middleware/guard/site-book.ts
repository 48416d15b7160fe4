import type { ViewTotals } from '../view-totals.js';
import type { CallSite, CallTally } from './operation-call.js';

/** A call site of one operation in one view. */
export interface Sighting {
  readonly site: CallSite;
  /** Why it is allowed; empty when it is not. */
  allowed: string;
  /** The policy that decided so: another one must decide again. */
  policyVersion: number;
  /** How many sampled calls it had lately. */
  weight: number;
  /** Nothing has been recorded for it yet. */
  isNew: boolean;
  /** What counts its further calls; null until one was recorded, or when each must be recorded in full. */
  tally: CallTally | null;
}

/** Call sites kept for one operation in one view. */
const SIGHTING_LIMIT = 32;
/** Sampled calls after which older ones count half, so that shares follow what happens now. */
const MEMORY = 1_024;
/** Of the calls beyond the budget, at most one in this many takes a stack. A power of two. */
const SAMPLE_EVERY = 512;

/**
 * Where one operation was called from in one view. A stack costs many times what a small call does, so once the sites
 * are known only some stacks are taken, and a call without one is given to a site by the sites' sampled shares.
 */
export class SiteBook {
  readonly view: ViewTotals;
  readonly #sightings: Sighting[] = [];
  #weights = 0;
  #last: Sighting | null = null;
  /** Stacks that may still be taken in this second. */
  budget = 0;
  /** The second that `budget` and `calls` belong to. */
  second = -1;
  calls = 0;
  /** A call whose random bits under this mask are all 0 takes a stack. */
  sampleMask = SAMPLE_EVERY - 1;

  constructor(view: ViewTotals) {
    this.view = view;
  }

  /** Begins a second with `budget` stacks, and as many samples again at the rate of the second before. */
  turnSecond(second: number, budget: number): void {
    let every = SAMPLE_EVERY;
    while (every * budget < this.calls) every *= 2;
    this.sampleMask = every - 1;
    this.second = second;
    this.budget = budget;
    this.calls = 0;
  }

  /** The sighting of a site; null when there are too many. `sampled`: it stands for the calls without a stack. */
  see(site: CallSite, sampled: boolean): Sighting | null {
    let sighting = this.#last?.site === site ? this.#last : this.#sightings.find((known) => known.site === site);
    if (sighting === undefined) {
      if (this.#sightings.length >= SIGHTING_LIMIT) return null;
      sighting = { site, allowed: '', policyVersion: -1, weight: 0, isNew: true, tally: null };
      this.#sightings.push(sighting);
    }
    if (sampled) this.#weigh(sighting);
    this.#last = sighting;
    return sighting;
  }

  /** The site that a call without a stack is given to: `random` (0 to 1) picks by the sampled shares. */
  attribute(random: number): Sighting | null {
    if (this.#sightings.length === 1 || this.#weights === 0) return this.#last;
    let left = random * this.#weights;
    for (const sighting of this.#sightings) {
      left -= sighting.weight;
      if (left < 0) return sighting;
    }
    return this.#last;
  }

  #weigh(sighting: Sighting): void {
    sighting.weight++;
    if (++this.#weights < MEMORY) return;
    this.#weights = 0;
    for (const known of this.#sightings) this.#weights += known.weight = Math.floor(known.weight / 2);
  }
}
