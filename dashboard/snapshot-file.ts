import type { IncidentDetail, IncidentSummary } from '../protocol/index.js';
import { askDetail, detailsOfFile } from './detail.js';
import type { FleetPicture } from './fleet.js';
import { dateTime } from './format.js';
import { route } from './router.js';
import { openedFile, showFile, shownPicture } from './store.js';

/** Says what the file is, so that another JSON file is refused. */
const FORMAT = 'holdup-snapshot-1';
const MOST_BYTES = 64 * 1024 * 1024;

/** So many of the worst incidents are kept whole, with their samples. */
const WHOLE_INCIDENTS = 40;

interface SnapshotFile extends FleetPicture {
  readonly format: typeof FORMAT;
  /** Absent in older files. */
  readonly details?: readonly IncidentDetail[];
}

/** What is shown, and the worst incidents whole, as a file to send to somebody. */
export async function saveSnapshot(): Promise<void> {
  const picture = shownPicture();
  const content: SnapshotFile = { format: FORMAT, ...picture, details: await wholeIncidents(picture) };
  const url = URL.createObjectURL(new Blob([JSON.stringify(content)], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `holdup-${dateTime(Date.now()).replace(/[ :]/g, '-')}.json`;
  link.click();
  // The download has its own reference by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Shows what a saved file holds; false when it is no such file. */
export async function readSnapshot(file: File): Promise<boolean> {
  if (file.size > MOST_BYTES) return false;
  try {
    const content: unknown = JSON.parse(await file.text());
    const { format, overview, views, incidents, instances, timeline, details = [] } = content as SnapshotFile;
    // Whatever else is in it: these parts are what every page needs.
    const isWhole =
      format === FORMAT &&
      typeof overview?.verdict === 'string' &&
      [overview.loop, overview.dropped, overview.observer, overview.collector].every(isObject) &&
      views.every(({ duration, busy }) => isObject(duration) && isObject(busy)) &&
      [...incidents, ...details].every(
        ({ view, site, trend }) => isObject(view) && isObject(site) && trend.length > 0,
      ) &&
      instances.every(({ loop }) => isObject(loop)) &&
      timeline.every(({ active, blocks }) => isObject(active) && Array.isArray(blocks));
    if (!isWhole) return false;
    detailsOfFile.value = details;
    showFile(file.name, content as SnapshotFile);
    return true;
  } catch {
    // A list that is none has no `every`.
    return false;
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** The one on the page and those that delayed others most. */
async function wholeIncidents({ incidents }: FleetPicture): Promise<readonly IncidentDetail[]> {
  if (openedFile.peek() !== null) return detailsOfFile.peek();
  const shown = route.peek().path[1];
  const rank = (incident: IncidentSummary): number =>
    incident.fingerprint === shown ? Number.POSITIVE_INFINITY : incident.delayedMs;
  const worst = [...incidents].sort((a, b) => rank(b) - rank(a)).slice(0, WHOLE_INCIDENTS);
  const details = await Promise.all(worst.map(({ fingerprint, service }) => askDetail(fingerprint, service)));
  return details.flatMap((detail) => (detail.state === 'ready' ? detail.incident : []));
}
