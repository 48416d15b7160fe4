import { relative } from 'node:path';
import type { CheckedSite, CheckRecord } from '../../protocol/index.js';

/** A sync-only operation in a view, at one place of the code: what a baseline accepts. */
export interface SiteIdentity {
  readonly operation: string;
  readonly view: string;
  /** Relative to where the check runs, with `/`; for a package's own code, from its `node_modules` on. */
  readonly file: string;
  /** Empty for a function without a name. */
  readonly function: string;
  /** The package that made the call; absent when the app's own code did. */
  readonly package?: string;
}

/** A site that the command reached. */
export interface SeenSite {
  readonly identity: SiteIdentity;
  readonly location: CheckedSite['location'];
  readonly alternative: string;
}

/** What the watched processes wrote down, taken together. */
export interface Sightings {
  /** In a stable order, each identity once. */
  readonly sites: readonly SeenSite[];
  readonly processes: number;
  /** Threads whose guard did not see its own test. */
  readonly unarmed: number;
  readonly views: number;
  readonly dropped: number;
}

export function toSightings(records: readonly CheckRecord[], directory: string): Sightings {
  const sites = new Map<string, SeenSite>();
  const provisional: SeenSite[] = [];
  const views = new Set<string>();
  const named = new Set<string>();
  const processes = new Set<number>();
  let unarmed = 0;
  let dropped = 0;
  for (const record of records) {
    switch (record.type) {
      case 'process':
        // Its worker threads write files of their own.
        processes.add(record.pid);
        if (!record.armed) unarmed++;
        break;
      case 'view':
        views.add(record.view);
        break;
      case 'dropped':
        dropped += record.count;
        break;
      case 'operation': {
        const { operation, view, alternative, site } = record;
        const identity: SiteIdentity = {
          operation,
          view,
          file: pathFrom(directory, site.file),
          function: site.function,
          ...(site.package === '' ? {} : { package: site.package }),
        };
        const seen = { identity, location: site.location, alternative };
        if (record.provisional) provisional.push(seen);
        else {
          views.add(view);
          named.add(placeKey(identity));
          keepFirst(sites, seen);
        }
      }
    }
  }
  // A process that ended before the request did never said which view it was.
  for (const seen of provisional) if (!named.has(placeKey(seen.identity))) keepFirst(sites, seen);
  const sorted = [...sites.values()].sort((a, b) => compareIdentities(a.identity, b.identity));
  return { sites: sorted, processes: processes.size, unarmed, views: views.size, dropped };
}

export function identityKey({ operation, view, file, function: name, package: owner = '' }: SiteIdentity): string {
  return JSON.stringify([file, name, view, operation, owner]);
}

/** By file, function, view, operation; by code units, so that every machine agrees. */
export function compareIdentities(a: SiteIdentity, b: SiteIdentity): number {
  for (const key of ['file', 'function', 'view', 'operation', 'package'] as const) {
    const [left = '', right = ''] = [a[key], b[key]];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

function keepFirst(sites: Map<string, SeenSite>, seen: SeenSite): void {
  const key = identityKey(seen.identity);
  if (!sites.has(key)) sites.set(key, seen);
}

function placeKey(identity: SiteIdentity): string {
  return identityKey({ ...identity, view: '' });
}

function pathFrom(directory: string, file: string): string {
  const path = file.replaceAll('\\', '/');
  const packages = path.lastIndexOf('/node_modules/');
  return packages === -1 ? relative(directory, file).replaceAll('\\', '/') : path.slice(packages + 1);
}
