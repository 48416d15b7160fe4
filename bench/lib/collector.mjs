import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { LOAD_CORE, pinned } from './machine.mjs';

const COMMAND = fileURLToPath(new URL('../../dist/collector/cli.js', import.meta.url));

/** A collector in a process of its own, away from the measured core. */
export async function startCollector() {
  const [command, args] = pinned(LOAD_CORE, process.execPath, [COMMAND, 'collector', '--port', '0']);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await Promise.race([
    addressIn(child.stdout),
    once(child, 'exit').then(([code]) => {
      throw new Error(`The collector ended at once (${code}).`);
    }),
  ]);
  return {
    url,
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function addressIn(stream) {
  for await (const line of createInterface(stream)) {
    const url = /https?:\/\/[^\s/]+/.exec(line)?.[0];
    if (url !== undefined) {
      stream.resume();
      return url;
    }
  }
  throw new Error('The collector said no address.');
}
