/** Intervals between heartbeats in a period: some 200 ms. */
const PERIOD = 10;
/** So many calls of the hooks in an interval of 20 ms cost 0.3 % of it. */
const AFFORDED_CALLS = 200;
/** Of a rate of calls that is seen no more, this much is still expected a period later: it halves in 5 s. */
const KEPT_EXPECTATION = 0.97;

/**
 * Chooses the intervals between heartbeats in which spans are measured: all of them while that costs next to nothing,
 * fewer the more the hooks are called, a tenth at least. How many is settled by what was seen *before* the period, and
 * which of its intervals is left to chance, each with the same chance; so a span that stands for `weight` of its kind
 * makes sums that are right on average, whatever the load does and however the intervals are stretched by what runs in
 * them. (A window opened and closed by timers of its own is not fair: a late opening widens it.)
 */
export class MeasuringPlan {
  #expectedCalls = 0;
  #measured = PERIOD;
  #place = 0;
  /** The place of the first interval that is measured; they go round. */
  #first = chooseFirst();
  #seenCalls = 0;
  #seenIntervals = 0;

  /** What a span in this interval stands for; null when it is not measured. */
  get weight(): number | null {
    return (this.#place + this.#first) % PERIOD < this.#measured ? PERIOD / this.#measured : null;
  }

  /** The next interval begins. `calls` of the hooks were seen in the last one; null when it was not measured. */
  next(calls: number | null): void {
    if (calls !== null) {
      this.#seenCalls += calls;
      this.#seenIntervals++;
    }
    if (++this.#place === PERIOD) this.#beginPeriod();
  }

  #beginPeriod(): void {
    const seen = this.#seenIntervals === 0 ? 0 : this.#seenCalls / this.#seenIntervals;
    this.#expectedCalls = Math.max(1, seen, this.#expectedCalls * KEPT_EXPECTATION);
    this.#measured = Math.min(PERIOD, Math.max(1, Math.floor((PERIOD * AFFORDED_CALLS) / this.#expectedCalls)));
    this.#place = this.#seenCalls = this.#seenIntervals = 0;
    this.#first = chooseFirst();
  }
}

function chooseFirst(): number {
  return Math.floor(Math.random() * PERIOD);
}
