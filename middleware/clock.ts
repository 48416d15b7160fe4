/**
 * `performance.now()`, in milliseconds. Node's global `performance` is a getter that takes longer than the reading itself,
 * and the host may replace it later; so what reads the clock for every request or call takes this.
 */
export const now: () => number = performance.now.bind(performance);
