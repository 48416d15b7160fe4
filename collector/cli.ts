#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { checkCommand } from './commands/check.js';
import { collectorCommand } from './commands/collector.js';
import { runCommand } from './commands/run.js';
import { VERSION } from './version.js';

const BAD_USAGE = 2;

const program = new Command('holdup')
  .description("Says what is holding up a Node.js program's event loop: which view, which line, which call.")
  .version(VERSION)
  .enablePositionalOptions()
  .exitOverride()
  .addCommand(collectorCommand())
  .addCommand(runCommand())
  .addCommand(checkCommand());
for (const command of program.commands) {
  command.copyInheritedSettings(program);
}

program.parseAsync().catch((error: unknown) => {
  if (!(error instanceof CommanderError)) throw error;
  // Commander has printed its line; 0 is for --help and --version.
  process.exitCode = error.exitCode === 0 ? 0 : BAD_USAGE;
});
