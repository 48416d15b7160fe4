// `npm run bench -- [name …] [--quick]`: measures, and prints Markdown on stdout.
import { parseArgs } from 'node:util';
import { ensureBuilt } from '../scripts/lib/build.mjs';
import { ensureInstalled } from '../scripts/lib/install.mjs';
import * as guard from './guard/index.mjs';
import * as overhead from './overhead/index.mjs';

const BENCHES = { guard, overhead };

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const names = positionals.length > 0 ? positionals : Object.keys(BENCHES);
const unknown = names.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}. There are:`);
  for (const [name, { summary }] of Object.entries(BENCHES)) console.error(`  ${name}  ${summary}`);
  process.exitCode = 1;
} else {
  await ensureInstalled();
  await ensureBuilt();
  for (const name of names) console.log(`${await BENCHES[name].bench({ quick: values.quick })}\n`);
}
