import { age, dateTime } from '../format.js';
import { pictureTime } from '../store.js';

/** How long ago something was; it alone is drawn again every second, not the row around it. */
export function Age({ at }: { readonly at: number }) {
  return <time title={dateTime(at)}>{age(at, pictureTime.value)}</time>;
}

/** An incident younger than this is marked as new. */
const NEW_MS = 120_000;

export function NewBadge({ firstSeen }: { readonly firstSeen: number }) {
  return pictureTime.value - firstSeen < NEW_MS ? <span class="badge accent">new</span> : null;
}
