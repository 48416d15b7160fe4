import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';

/** Watches a process from its first line; published beside the collector. */
const REGISTER = new URL('../../agent/register.js', import.meta.url).href;

const FORWARDED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'];

/** How a shell says that there is no such command. */
const NOT_FOUND = 127;

/** What a program ended with. */
export interface Ending {
  readonly code: number;
  /** The signal it died of, if it did. */
  readonly signal: NodeJS.Signals | null;
}

/**
 * Runs a command whose Node.js processes are watched: a script (or node's own options) runs in this Node; any other
 * command, such as `npm test`, hands Holdup on to the processes it starts through NODE_OPTIONS. Signals are passed on.
 * What could not be started is said on stderr and ends with 127.
 */
export async function runWatched(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  reach: 'process' | 'descendants',
): Promise<Ending> {
  const [program = '', ...args] = command;
  const isScript = program.startsWith('-') || (/\.[cm]?[jt]sx?$/.test(program) && existsSync(program));
  const own = isScript || program === 'node';
  const inOptions = reach === 'descendants' || !own;
  const childEnv = inOptions ? { ...env, NODE_OPTIONS: withRegister(env.NODE_OPTIONS) } : env;
  const nodeArgs = [...(inOptions ? [] : ['--import', REGISTER]), ...(isScript ? command : args)];
  const child = own
    ? spawn(process.execPath, nodeArgs, { stdio: 'inherit', env: childEnv })
    : // On Windows `npm` is a batch file, which only a shell can run.
      spawn(program, args, { stdio: 'inherit', env: childEnv, shell: process.platform === 'win32' });

  const forward = (signal: NodeJS.Signals): void => {
    // A terminal sends Ctrl-C to the child as well; twice would read as impatience.
    if (signal === 'SIGINT' && process.stdin.isTTY) return;
    child.kill(signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  const ending = await new Promise<Ending>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      console.error(`holdup: cannot start ${program}: ${error.code === 'ENOENT' ? 'not found' : error.message}`);
      resolve({ code: NOT_FOUND, signal: null });
    });
    child.once('exit', (code, signal) => {
      resolve({ code: code ?? 128 + (signal === null ? 0 : (constants.signals[signal] ?? 0)), signal });
    });
  });
  for (const signal of FORWARDED) process.off(signal, forward);
  return ending;
}

/** Ends as the program did: with its code, or of the same signal, so that a shell or a supervisor sees the same. */
export function endAs({ code, signal }: Ending): void {
  process.exitCode = code;
  if (signal !== null) process.kill(process.pid, signal);
}

function withRegister(options: string | undefined): string {
  const flag = `--import=${REGISTER}`;
  return options === undefined || options === '' ? flag : `${options} ${flag}`;
}
