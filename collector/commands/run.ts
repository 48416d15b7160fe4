import { Command, Option } from 'commander';
import { endAs, runWatched } from './program.js';

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
        '`holdup run server.js` is the same as `node --import holdup/register server.js`. Any other command, such as\n' +
        '`holdup run npm start`, is run with NODE_OPTIONS set, so that the Node.js processes it starts are watched.\n' +
        "Signals are passed on; it ends with the program's exit code.",
    )
    .usage('[options] [--] <script or command> [arguments]')
    .argument('<command...>', 'the program and its arguments')
    .addOption(new Option('--collector <url>', 'where to report to (HOLDUP_COLLECTOR)'))
    .addOption(new Option('--service <name>', 'name of the service (HOLDUP_SERVICE)'))
    .addOption(
      new Option('--mode <mode>', 'what a sync-only operation in a view does').choices(['report', 'throw', 'off']),
    )
    .passThroughOptions()
    .allowUnknownOption()
    .action(run);
}

async function run(command: readonly string[], flags: RunFlags): Promise<void> {
  const env = { ...process.env };
  if (flags.collector !== undefined) env.HOLDUP_COLLECTOR = flags.collector;
  if (flags.service !== undefined) env.HOLDUP_SERVICE = flags.service;
  if (flags.mode !== undefined) env.HOLDUP_MODE = flags.mode;
  sayWhere(env);
  endAs(await runWatched(command, env, 'process'));
}

/** The program says where the dashboard is once it knows; where it never will, this does. */
function sayWhere({ HOLDUP_COLLECTOR: collector = '', NODE_ENV: mode }: NodeJS.ProcessEnv): void {
  if (URL.canParse(collector)) console.error(`holdup: reporting to ${collector}`);
  else if (mode === 'production' && collector === '') {
    console.error(
      'holdup: in production no dashboard is started; it reports to one that runs on this machine (npx holdup collector), or to --collector <url>',
    );
  }
}
