import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { machineLine, nodeVersions, pinned, SERVER_CORE } from '../lib/machine.mjs';
import { markdownTable } from '../lib/markdown.mjs';

export const summary = 'nanoseconds that the guard adds to a call, for each path through it';

const CALLS = fileURLToPath(new URL('./calls.mjs', import.meta.url));
const FULL = ['200', '5000'];
const QUICK = ['60', '5000'];

/** Measures and returns the report, as Markdown. */
export async function bench({ quick }) {
  const columns = nodeVersions().map(({ version, program }) => {
    console.error(`guard: Node ${version} …`);
    const [command, args] = pinned(SERVER_CORE, program, [CALLS, ...(quick ? QUICK : FULL)]);
    return { version, results: JSON.parse(execFileSync(command, args, { encoding: 'utf8' })) };
  });
  const rows = Object.keys(columns[0].results).map((path) => [
    path,
    ...columns.map(({ results }) => `${Math.round(results[path].added)} (${Math.round(results[path].raw)})`),
  ]);
  const table = markdownTable(['ns added (raw call)', ...columns.map(({ version }) => `Node ${version}`)], rows);
  return `## What the guard adds to a call\n\n${table}\n\n${machineLine()}. The raw and the wrapped function in turns within one process; the difference between the fastest turns. \`fs.existsSync('/')\` unless named.`;
}
