import { fileURLToPath } from 'node:url';
import { REGISTER_FILE } from '../own-files.js';
import { KEPT_VARIABLE, type Kept } from './messages.js';

/** What a thread of the pool is given of the process's surroundings. */
export interface Surroundings {
  readonly env: Record<string, string | undefined>;
  /** Absent: as the process has them. */
  readonly execArgv?: string[];
}

const OURS = new Set(['holdup/register', REGISTER_FILE.href, fileURLToPath(REGISTER_FILE)]);

/** An option that loads something first, and what it loads, in NODE_OPTIONS. */
const PRELOAD = /(?:^|(?<=\s))(?:--import|--require|-r)(?:=|\s+)("(?:[^"\\]|\\.)*"|\S+)\s*/g;

/** Options that say how modules are found and loaded; of the others some are refused for a thread, and none is missed. */
const TAKES_VALUE = new Set(['--import', '--require', '-r', '--conditions', '-C', '--loader', '--experimental-loader']);
const FLAGS =
  /^--(?:enable-source-maps|preserve-symlinks|no-warnings|no-experimental-[\w-]+|experimental-(?:strip|transform)-types)$/;

/**
 * The process's surroundings without `holdup/register`: what runs on the pool's threads is meant to block, so they are
 * not watched, and need not load what watches.
 */
export function unwatched(env: NodeJS.ProcessEnv, execArgv: readonly string[]): Surroundings {
  const { NODE_OPTIONS = '', HOLDUP_WORKERS } = env;
  const others = NODE_OPTIONS.replace(PRELOAD, (whole, value: string) =>
    OURS.has(value.replaceAll('"', '')) ? '' : whole,
  );
  const kept: Kept = { NODE_OPTIONS: env.NODE_OPTIONS, HOLDUP_WORKERS };
  const given = { ...env, NODE_OPTIONS: others, HOLDUP_WORKERS: '0', [KEPT_VARIABLE]: JSON.stringify(kept) };
  const options = loadingOptions(execArgv);
  return options === null ? { env: given } : { env: given, execArgv: options };
}

/** The loading options among the process's own without ours; null when ours is not there. */
function loadingOptions(execArgv: readonly string[]): string[] | null {
  const kept: string[] = [];
  let isOurs = false;
  for (let at = 0; at < execArgv.length; at++) {
    const option = execArgv[at] as string;
    const end = option.indexOf('=');
    const name = end === -1 ? option : option.slice(0, end);
    if (FLAGS.test(option)) kept.push(option);
    if (!TAKES_VALUE.has(name)) continue;
    const value = end === -1 ? execArgv[++at] : option.slice(end + 1);
    if (value === undefined) continue;
    if (OURS.has(value)) isOurs = true;
    else kept.push(name, value);
  }
  return isOurs ? kept : null;
}
