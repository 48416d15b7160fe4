import { readFile, writeFile } from 'node:fs/promises';
import * as v from 'valibot';
import { compareIdentities, identityKey, type SiteIdentity } from './seen-site.js';

/** A site that is known and accepted. */
export interface BaselineEntry extends SiteIdentity {
  /** Why, for whoever reads the file; written by hand and kept by `--update`. */
  readonly reason?: string;
}

const text = v.string();
const Baseline = v.object({
  version: v.literal(1),
  operations: v.array(
    v.strictObject({
      operation: text,
      view: text,
      file: text,
      function: text,
      package: v.exactOptional(text),
      reason: v.exactOptional(text),
    }),
  ),
});

/** The file is not a baseline. */
export class BaselineError extends Error {}

/** The entries of a baseline file; none when there is no such file. */
export async function readBaseline(file: string): Promise<readonly BaselineEntry[]> {
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new BaselineError(`cannot read ${file}: ${(error as Error).message}`);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(content);
  } catch (error) {
    throw new BaselineError(`${file} is not JSON: ${(error as Error).message}`);
  }
  const result = v.safeParse(Baseline, parsed);
  if (result.success) return result.output.operations;
  const [issue] = result.issues;
  throw new BaselineError(`${file} is not a baseline, at ${v.getDotPath(issue) ?? 'its root'}: ${issue.message}`);
}

/** Writes the entries in a stable order, so that the file changes only where the code does. */
export async function writeBaseline(file: string, entries: readonly BaselineEntry[]): Promise<void> {
  const operations = entries.toSorted(compareIdentities).map((entry) => ({
    operation: entry.operation,
    view: entry.view,
    file: entry.file,
    function: entry.function,
    ...(entry.package === undefined ? {} : { package: entry.package }),
    ...(entry.reason === undefined ? {} : { reason: entry.reason }),
  }));
  await writeFile(file, `${JSON.stringify({ version: 1, operations }, null, 2)}\n`);
}

/** The sites as entries, with the reasons that the baseline has for them. */
export function toEntries(sites: readonly SiteIdentity[], known: readonly BaselineEntry[]): BaselineEntry[] {
  const reasons = new Map(known.map((entry) => [identityKey(entry), entry.reason]));
  return sites.map((site) => {
    const reason = reasons.get(identityKey(site));
    return reason === undefined ? site : { ...site, reason };
  });
}
