import type { TimelineBlock, TimelinePoint } from '../../protocol/index.js';

/** Every hold of the loop between two moments (epoch milliseconds), oldest first. */
export function blocksBetween(points: readonly TimelinePoint[], from: number, to: number): TimelineBlock[] {
  const found: TimelineBlock[] = [];
  for (const point of points) {
    for (const block of point.blocks) {
      if (block.at + block.durationMs >= from && block.at <= to) found.push(block);
    }
  }
  return found;
}

/** The block at a moment, or the nearest within `reachMs`; the longest when several are equally near. */
export function blockAt(blocks: readonly TimelineBlock[], at: number, reachMs: number): TimelineBlock | null {
  let best: TimelineBlock | null = null;
  let bestDistance = reachMs;
  for (const block of blocks) {
    const distance = Math.max(block.at - at, at - (block.at + block.durationMs), 0);
    const nearer = distance < bestDistance;
    const longer = distance === bestDistance && block.durationMs > (best?.durationMs ?? -1);
    if (distance <= reachMs && (nearer || longer)) {
      best = block;
      bestDistance = distance;
    }
  }
  return best;
}
