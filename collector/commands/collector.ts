import { Command, InvalidArgumentError, Option } from 'commander';
import {
  type Collector,
  CollectorError,
  type CollectorOptions,
  DEFAULT_HOST,
  DEFAULT_PORT,
  startCollector,
} from '../index.js';
import { ConfigError, readConfig } from './config-file.js';
import { createLog, LOG_LEVELS, type LogLevel } from './pino-log.js';

interface CollectorFlags extends Omit<CollectorOptions, 'log'> {
  readonly config?: string;
  readonly logLevel: LogLevel;
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
    .addOption(
      new Option('--ingest-token <text>', 'lets a process report, and do nothing else').env('HOLDUP_INGEST_TOKEN'),
    )
    .addOption(
      new Option('--store <where>', 'a file, postgres://…, or memory to keep nothing')
        .env('HOLDUP_STORE')
        .default('default', "a file for this port in this user's state directory"),
    )
    .addOption(
      new Option('--retention-days <number>', 'forget what is older')
        .env('HOLDUP_RETENTION_DAYS')
        .default(30)
        .argParser(toNumber),
    )
    .addOption(
      new Option('--store-mb <number>', 'forget the oldest beyond this size')
        .env('HOLDUP_STORE_MB')
        .default(1024)
        .argParser(toNumber),
    )
    .addOption(new Option('--base-path <path>', 'path it is reached under behind a proxy').env('HOLDUP_BASE_PATH'))
    .option('--trust-proxy', 'believe X-Forwarded-Host and X-Forwarded-Proto (HOLDUP_TRUST_PROXY=1)')
    .addOption(
      new Option('--log-level <level>', 'of what is logged as JSON on stderr')
        .env('HOLDUP_LOG_LEVEL')
        .choices(LOG_LEVELS)
        .default('info'),
    )
    .addOption(
      new Option('--config <file>', 'JSON with any of these, such as { "port": 4653 }; flags and environment win').env(
        'HOLDUP_CONFIG',
      ),
    )
    .action(async (_flags: CollectorFlags, command: Command) => serve(command));
}

async function serve(command: Command): Promise<void> {
  let collector: Collector;
  let flags: CollectorFlags;
  try {
    flags = await withConfig(command);
    const { config: _config, logLevel, trustProxy = isYes(process.env.HOLDUP_TRUST_PROXY), ...options } = flags;
    const log = createLog(logLevel);
    collector = await startCollector({ ...options, trustProxy, log });
    log.info({ url: collector.url, store: collector.store, pid: process.pid }, 'The collector listens.');
    stopOnSignals(collector, () => log.info('The collector stopped.'));
  } catch (error) {
    if (!(error instanceof CollectorError) && !(error instanceof ConfigError)) throw error;
    const usage = error.code === 'HOLDUP_INVALID_OPTION' || error.code === 'HOLDUP_TOKEN_REQUIRED';
    console.error(`holdup: ${error.message} (${error.code})`);
    process.exitCode = usage ? 2 : 1;
    return;
  }
  console.log(`Holdup dashboard: ${collector.url}`);
  if (collector.loginUrl !== null) {
    // Good once and for an hour; the token itself is never printed, because what is printed ends up in log files.
    console.log(`Log in within an hour, once: ${collector.loginUrl}`);
  }
}

/** What a flag or the environment does not say, the file may. */
async function withConfig(command: Command): Promise<CollectorFlags> {
  const flags = command.opts<CollectorFlags>();
  if (flags.config === undefined) return flags;
  const names = command.options.map((option) => option.attributeName()).filter((name) => name !== 'config');
  const config = await readConfig(flags.config, names);
  const merged: Record<string, unknown> = { ...flags };
  for (const [name, value] of Object.entries(config)) {
    if (command.getOptionValueSource(name) !== 'cli' && command.getOptionValueSource(name) !== 'env')
      merged[name] = value;
  }
  return merged as unknown as CollectorFlags;
}

function stopOnSignals(collector: Collector, onStopped: () => void): void {
  let stopping = false;
  const stop = (): void => {
    // A second signal means now.
    if (stopping) process.exit(1);
    stopping = true;
    void collector.stop().then(onStopped);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

/** In the environment every value is a text, `false` too. */
function isYes(text: string | undefined): boolean {
  return text === '1' || text === 'true';
}

function toPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new InvalidArgumentError('It is a whole number from 0 to 65535.');
  return port;
}

function toNumber(text: string): number {
  if (!/^\d{1,9}(?:\.\d+)?$/.test(text)) throw new InvalidArgumentError('It is a number.');
  return Number(text);
}
