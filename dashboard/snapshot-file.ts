import type { FleetPicture } from './fleet.js';
import { dateTime } from './format.js';
import { picture, showFile } from './store.js';

/** Says what the file is, so that another JSON file is refused. */
const FORMAT = 'holdup-snapshot-1';
const MOST_BYTES = 64 * 1024 * 1024;

interface SnapshotFile extends FleetPicture {
  readonly format: typeof FORMAT;
}

/** What is shown, as a file to send to somebody. */
export function saveSnapshot(): void {
  const content: SnapshotFile = { format: FORMAT, ...picture.peek() };
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
    const content = JSON.parse(await file.text()) as Partial<SnapshotFile>;
    const { format, overview, views, incidents, instances, timeline } = content;
    const lists = [views, incidents, instances, timeline].every(Array.isArray);
    if (format !== FORMAT || overview == null || !lists) return false;
    showFile(file.name, content as SnapshotFile);
    return true;
  } catch {
    return false;
  }
}
