import { Command, InvalidArgumentError, Option } from 'commander';
import { type Collector, CollectorError, DEFAULT_HOST, DEFAULT_PORT, startCollector } from '../index.js';

interface CollectorFlags {
  readonly port: number;
  readonly host: string;
  readonly token?: string;
  readonly basePath?: string;
  readonly trustProxy?: boolean;
}

/** `holdup collector`: a collector of its own, for several machines or beside several processes. */
export function collectorCommand(): Command {
  return new Command('collector')
    .summary('start a collector with its dashboard')
    .description(
      'Starts a collector: processes report to it, and people open its address in a browser.\n' +
        'Point processes to it with HOLDUP_COLLECTOR=http://host:port and the same HOLDUP_TOKEN.',
    )
    .addOption(
      new Option('--port <number>', 'port to listen on, 0 for any free one')
        .env('HOLDUP_PORT')
        .default(DEFAULT_PORT)
        .argParser(toPort),
    )
    .addOption(
      new Option('--host <address>', 'address to listen on; any but a loopback address needs a token')
        .env('HOLDUP_HOST')
        .default(DEFAULT_HOST),
    )
    .addOption(new Option('--token <text>', 'asked of everyone; better set in the environment').env('HOLDUP_TOKEN'))
    .addOption(new Option('--base-path <path>', 'path it is reached under behind a proxy').env('HOLDUP_BASE_PATH'))
    .option('--trust-proxy', 'believe X-Forwarded-Host and X-Forwarded-Proto')
    .action(serve);
}

async function serve(flags: CollectorFlags): Promise<void> {
  let collector: Collector;
  try {
    collector = await startCollector({ ...flags });
  } catch (error) {
    if (!(error instanceof CollectorError)) throw error;
    const usage = error.code === 'HOLDUP_INVALID_OPTION' || error.code === 'HOLDUP_TOKEN_REQUIRED';
    console.error(`holdup: ${error.message} (${error.code})`);
    process.exitCode = usage ? 2 : 1;
    return;
  }
  console.log(`Holdup dashboard: ${collector.url}`);
  if (flags.token !== undefined && flags.token !== '') {
    // Never the token itself: what is printed ends up in log files.
    console.log(`Log in once at ${collector.url}?token=… with the token it was started with.`);
  }
  let stopping = false;
  const stop = (): void => {
    // A second signal means now.
    if (stopping) process.exit(1);
    stopping = true;
    void collector.stop();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

function toPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new InvalidArgumentError('It is a whole number from 0 to 65535.');
  return port;
}
