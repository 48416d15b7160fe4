import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { CHECK_DIRECTORY_VARIABLE, type CheckRecord } from '../../protocol/index.js';
import { type BaselineEntry, BaselineError, readBaseline, toEntries, writeBaseline } from '../check/baseline.js';
import { annotateSite, describeIdentity, describeSite } from '../check/report.js';
import { identityKey, type Sightings, toSightings } from '../check/seen-site.js';
import { endAs, runWatched } from './program.js';

interface CheckFlags {
  readonly baseline: string;
  readonly update?: boolean;
}

/** Documented in docs/ci.md. Any other code is the command's own. */
const EXIT = { ok: 0, newSites: 1, cannotCheck: 2 } as const;

/** `holdup check -- npm test`: fails when the command reaches a sync-only operation that is not in the baseline. */
export function checkCommand(): Command {
  return new Command('check')
    .summary('fail when a command, such as npm test, reaches a new sync-only operation')
    .description(
      'Runs a command with the guard on and compares the sync-only operations that its views reach with a baseline.\n' +
        "Exit codes: 0 nothing new, 1 new sync-only operations, 2 it could not be checked; else the command's own.",
    )
    .usage('[options] -- <command> [arguments]')
    .argument('<command...>', 'the command and its arguments')
    .option('--baseline <file>', 'the sites that are known and accepted', 'holdup-baseline.json')
    .option('--update', 'write what was reached into the baseline')
    .passThroughOptions()
    .action(check);
}

async function check(command: readonly string[], flags: CheckFlags): Promise<void> {
  let baseline: readonly BaselineEntry[];
  try {
    baseline = await readBaseline(flags.baseline);
  } catch (error) {
    if (!(error instanceof BaselineError)) throw error;
    say(error.message);
    process.exitCode = EXIT.cannotCheck;
    return;
  }
  // Private to this user: mkdtemp makes it so.
  const records = await mkdtemp(join(tmpdir(), 'holdup-check-'));
  try {
    const ending = await runWatched(command, checkEnvironment(records), 'descendants');
    const seen = toSightings(await readRecords(records), process.cwd());
    const code = await judge(seen, baseline, flags, ending.code);
    endAs(ending.code === 0 ? { code, signal: null } : ending);
  } finally {
    await rm(records, { recursive: true, force: true });
  }
}

/** Watched from the first line, worker threads too, and nothing sent. */
function checkEnvironment(records: string): NodeJS.ProcessEnv {
  const { HOLDUP_MODE: mode, ...env } = process.env;
  return {
    ...env,
    [CHECK_DIRECTORY_VARIABLE]: records,
    HOLDUP_COLLECTOR: 'false',
    HOLDUP_ACCOUNTING: 'off',
    HOLDUP_WORKERS: '1',
    ...(mode === undefined || mode === 'off' ? {} : { HOLDUP_MODE: mode }),
  };
}

async function judge(
  seen: Sightings,
  baseline: readonly BaselineEntry[],
  flags: CheckFlags,
  commandCode: number,
): Promise<number> {
  if (seen.processes === 0) {
    if (commandCode === 0) say('no Node.js process was watched; does the command set NODE_OPTIONS anew?');
    return EXIT.cannotCheck;
  }
  const known = new Set(baseline.map(identityKey));
  const reached = new Set(seen.sites.map((site) => identityKey(site.identity)));
  const fresh = seen.sites.filter((site) => !known.has(identityKey(site.identity)));
  const stale = baseline.filter((entry) => !reached.has(identityKey(entry)));
  say(
    `${count(seen.processes, 'process', 'processes')} watched, ${count(seen.views, 'view')} run, ` +
      `${count(seen.sites.length, 'sync-only operation')} reached, ${seen.sites.length - fresh.length} of them in ${flags.baseline}`,
  );
  if (seen.unarmed > 0) say(`in ${count(seen.unarmed, 'thread')} the guard was not armed`);
  if (seen.dropped > 0) say(`${seen.dropped} sightings could not be written down`);
  if (seen.views === 0) say('no view was run, so nothing could be found: do the tests make requests?');
  if (flags.update === true) {
    if (commandCode !== 0) {
      say(`${flags.baseline} was not updated: the command ended with ${commandCode}, so it may not have reached all`);
      return EXIT.ok;
    }
    await writeBaseline(
      flags.baseline,
      toEntries(
        seen.sites.map((site) => site.identity),
        baseline,
      ),
    );
    say(`${flags.baseline} updated: ${fresh.length} added, ${stale.length} removed`);
    return EXIT.ok;
  }
  if (stale.length > 0 && commandCode === 0) {
    say(`${count(stale.length, 'entry', 'entries')} of ${flags.baseline} not reached any more (--update removes):`);
    for (const entry of stale) console.error(describeIdentity(entry));
  }
  if (fresh.length === 0) return EXIT.ok;
  say(`${count(fresh.length, 'new sync-only operation')}; while one runs, every other request waits:`);
  for (const site of fresh) {
    console.error(`\n${describeSite(site, process.cwd())}`);
    if (process.env.GITHUB_ACTIONS === 'true') console.log(annotateSite(site, process.cwd()));
  }
  console.error(`\nTo accept ${fresh.length === 1 ? 'it' : 'them all'}: npx holdup check --update -- <the command>`);
  return EXIT.newSites;
}

async function readRecords(directory: string): Promise<CheckRecord[]> {
  const records: CheckRecord[] = [];
  for (const name of (await readdir(directory)).sort()) {
    for (const line of (await readFile(join(directory, name), 'utf8')).split('\n')) {
      try {
        records.push(JSON.parse(line) as CheckRecord);
      } catch {
        // The empty end of the file, or a line that a kill cut short.
      }
    }
  }
  return records;
}

function count(number: number, one: string, several = `${one}s`): string {
  return `${number} ${number === 1 ? one : several}`;
}

function say(text: string): void {
  console.error(`holdup: ${text}`);
}
