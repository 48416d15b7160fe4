const FIRST_MS = 500;
const MOST_MS = 10_000;

/** How long to wait before attempt `attempt` (1 is the first), with up to a third of jitter so that pages spread out. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const base = Math.min(MOST_MS, FIRST_MS * 2 ** (attempt - 1));
  return base * (1 - random() / 3);
}
