import { CallSites, SITE_LIMIT } from './call-site.js';
import type { CallSite } from './operation-call.js';
import type { Sighting, SiteBook } from './site-book.js';

/** A call this long is worth a stack of its own: 5 µs beside it is nothing. */
const SLOW_MS = 1;
/** Stacks that every operation of every view may take in a second whatever happens, so that rare calls are exact. */
const STACKS_A_SECOND = 16;
/** Stacks that all of them together may take that way: at about 10 µs each, at most 0.2 % of the time. */
const ALL_STACKS_A_SECOND = 200;
/** Sites kept while every call's own is taken: a test run's code has fewer. */
const EVERY_SITE_LIMIT = 50_000;

type Wrapper = (...args: never[]) => unknown;

/** Finds out which site made a call, or works it out where a stack for each call would cost too much. */
export class SiteSampler {
  readonly #sites: CallSites;
  readonly #every: boolean;
  #second = -1;
  #stacksLeft = 0;
  #random = (Math.random() * 0x7fffffff) | 1;

  /** `every`: take the stack of every call. */
  constructor(every = false) {
    this.#every = every;
    this.#sites = new CallSites(every ? EVERY_SITE_LIMIT : SITE_LIMIT);
  }

  /** True at the first call of each second. */
  isNewSecond(startedAtMs: number): boolean {
    const second = Math.floor(startedAtMs / 1000);
    if (second === this.#second) return false;
    this.#second = second;
    this.#stacksLeft = ALL_STACKS_A_SECOND;
    return true;
  }

  /** The caller of `wrapper`; null when there are already as many sites as may be kept. */
  capture(wrapper: Wrapper): CallSite | null {
    return this.#sites.capture(wrapper);
  }

  /** The sighting of a call that has just ended; null when there is no room for its site. */
  sight(book: SiteBook, durationMs: number, wrapper: Wrapper): Sighting | null {
    if (this.#every) {
      const site = this.capture(wrapper);
      return site === null ? null : { site, allowed: '', policyVersion: -1, weight: 0, isNew: true, tally: null };
    }
    if (book.second !== this.#second) book.turnSecond(this.#second, STACKS_A_SECOND);
    book.calls++;
    if (book.budget > 0 && this.#stacksLeft > 0) {
      book.budget--;
      this.#stacksLeft--;
      return this.#see(book, wrapper, false);
    }
    if (durationMs >= SLOW_MS) return this.#see(book, wrapper, false);
    // Marsaglia's xorshift: a few nanoseconds, and not in step with any loop of the app.
    let random = this.#random;
    random ^= random << 13;
    random ^= random >>> 17;
    random ^= random << 5;
    this.#random = random;
    if ((random & book.sampleMask) === 0) return this.#see(book, wrapper, true);
    return book.attribute((random >>> 0) / 0x1_0000_0000) ?? this.#see(book, wrapper, false);
  }

  #see(book: SiteBook, wrapper: Wrapper, sampled: boolean): Sighting | null {
    const site = this.capture(wrapper);
    return site === null ? null : book.see(site, sampled);
  }
}
