import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { Command, Option } from 'commander';

/** Watches the program from its first line; published beside the collector. */
const REGISTER = new URL('../../middleware/register.js', import.meta.url).href;

const FORWARDED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'];

interface RunFlags {
  readonly collector?: string;
  readonly service?: string;
  readonly mode?: string;
}

/** `holdup run server.js`: a program as it is, watched from its first line, with no change to its code. */
export function runCommand(): Command {
  return new Command('run')
    .summary('run a program watched by Holdup')
    .description(
      'Runs a Node.js program watched by Holdup and prints the address of the dashboard.\n' +
        'The same as: node --import holdup/register server.js',
    )
    .usage('[options] [--] [node options] <script> [arguments]')
    .argument('<script...>', 'the program and its arguments, as given to node')
    .addOption(new Option('--collector <url>', 'where to report to (HOLDUP_COLLECTOR)'))
    .addOption(new Option('--service <name>', 'name of the service (HOLDUP_SERVICE)'))
    .addOption(
      new Option('--mode <mode>', 'what a sync-only operation in a view does').choices(['report', 'throw', 'off']),
    )
    .passThroughOptions()
    .allowUnknownOption()
    .action(run);
}

async function run(script: readonly string[], flags: RunFlags): Promise<void> {
  // `holdup run node server.js` is meant just as well.
  const args = script[0] === 'node' ? script.slice(1) : script;
  const env = { ...process.env };
  if (flags.collector !== undefined) env.HOLDUP_COLLECTOR = flags.collector;
  if (flags.service !== undefined) env.HOLDUP_SERVICE = flags.service;
  if (flags.mode !== undefined) env.HOLDUP_MODE = flags.mode;
  const child = spawn(process.execPath, ['--import', REGISTER, ...args], { stdio: 'inherit', env });

  const forward = (signal: NodeJS.Signals): void => {
    // A terminal sends Ctrl-C to the child as well; twice would read as impatience.
    if (signal === 'SIGINT' && process.stdin.isTTY) return;
    child.kill(signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);

  const end = await new Promise<Ending>((resolve) => {
    child.once('error', (error) => resolve({ error }));
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  for (const signal of FORWARDED) process.off(signal, forward);
  if (end.error !== undefined) {
    console.error(`holdup: cannot start node: ${end.error.message}`);
    process.exitCode = 1;
  } else if (end.signal) {
    // Die of what it died of, so that a shell or a supervisor sees the same.
    process.exitCode = 128 + (constants.signals[end.signal] ?? 0);
    process.kill(process.pid, end.signal);
  } else {
    process.exitCode = end.code ?? 1;
  }
}

interface Ending {
  readonly error?: Error;
  readonly code?: number | null;
  readonly signal?: NodeJS.Signals | null;
}
