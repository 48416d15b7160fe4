import { type OverviewLoop, quantile, type Report } from '../protocol/index.js';
import { HistogramWindow, SumWindow } from './windows.js';

/** How all loops together fared in the last minute. Shares are of the loop time that was reported. */
export class LoopTotals {
  readonly #requests = new SumWindow(60, 1000);
  readonly #activeSeconds = new SumWindow(60, 1000);
  readonly #loopSeconds = new SumWindow(60, 1000);
  readonly #blockedSeconds = new SumWindow(60, 1000);
  readonly #attributedSeconds = new SumWindow(60, 1000);
  readonly #observerSeconds = new SumWindow(60, 1000);
  readonly #delay = new HistogramWindow();

  record({ loop, observer }: Report, requests: number, now: number): void {
    this.#requests.add(now, requests);
    this.#activeSeconds.add(now, loop.activeSeconds);
    this.#loopSeconds.add(now, loop.activeSeconds + loop.idleSeconds);
    this.#blockedSeconds.add(now, loop.blockedSeconds);
    this.#attributedSeconds.add(now, loop.attributedSeconds);
    this.#observerSeconds.add(now, observer.busySeconds);
    this.#delay.merge(now, loop.delay);
  }

  /** How many requests ended. */
  requests(now: number): number {
    return this.#requests.total(now);
  }

  /** The share of loop time, 0 to 1, that Holdup itself took. */
  observerShare(now: number): number {
    return share(this.#observerSeconds.total(now), this.#loopSeconds.total(now));
  }

  summary(now: number): OverviewLoop {
    const delay = this.#delay.data(now);
    const loopSeconds = this.#loopSeconds.total(now);
    const blockedSeconds = this.#blockedSeconds.total(now);
    return {
      delayP50Ms: quantile(delay, 0.5) * 1000,
      delayP99Ms: quantile(delay, 0.99) * 1000,
      delayMaxMs: delay.max * 1000,
      utilization: share(this.#activeSeconds.total(now), loopSeconds),
      blockedShare: share(blockedSeconds, loopSeconds),
      coverage: blockedSeconds > 0 ? share(this.#attributedSeconds.total(now), blockedSeconds) : 1,
    };
  }
}

function share(part: number, whole: number): number {
  return whole > 0 ? Math.min(1, part / whole) : 0;
}
