import { age, dateTime } from '../format.js';
import { overview, pictureTime } from '../store.js';

/** How long ago something was; it alone is drawn again every second, not the row around it. */
export function Age({ at }: { readonly at: number }) {
  return <time title={dateTime(at)}>{age(at, pictureTime.value)}</time>;
}

/** An incident younger than this is marked as new. */
const NEW_MS = 600_000;
/** To a collector that has just started everything is new, and a mark on every row says nothing. */
const FIRST_LOOK_MS = 120_000;

export function NewBadge({ firstSeen }: { readonly firstSeen: number }) {
  const watchedSince = overview.value?.collector.startedAt ?? 0;
  const isNew = pictureTime.value - firstSeen < NEW_MS && firstSeen - watchedSince > FIRST_LOOK_MS;
  return isNew ? <span class="badge accent">new</span> : null;
}
