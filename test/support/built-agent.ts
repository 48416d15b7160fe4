import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './child.js';

/** What is tested is what is published: bundles the agent anew when it is older than what it is bundled from. */
export default function setup(): void {
  const compiled = join(ROOT, 'dist/middleware');
  const newest = readdirSync(compiled, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js'))
    .reduce((latest, file) => Math.max(latest, statSync(join(compiled, file)).mtimeMs), 0);
  const bundled = statSync(join(ROOT, 'dist/agent/index.js'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (bundled >= newest) return;
  execFileSync(
    process.execPath,
    [join(ROOT, 'node_modules/rolldown/bin/cli.mjs'), '--config', 'middleware/rolldown.config.mjs'],
    {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
}
