// `npm run bench -- [name …] [--quick] [--write] [--minutes N] [--node 20,24] [--workloads hello] [--requests N] [--processes N] [--set-reference]`
// Measures, and prints Markdown on stdout. `--write` also puts it into docs/benchmarks.md, and the short tables of
// `overhead` and `peers` into the README.
import { parseArgs } from 'node:util';
import { ensureBuilt } from '../scripts/lib/build.mjs';
import { ensureInstalled } from '../scripts/lib/install.mjs';
import * as allocations from './allocations/index.mjs';
import * as attack from './attack/index.mjs';
import * as attribution from './attribution/index.mjs';
import * as collector from './collector/index.mjs';
import * as fuzz from './fuzz/index.mjs';
import * as growth from './growth/index.mjs';
import * as guard from './guard/index.mjs';
import { writeProjectFile, writeSection } from './lib/document.mjs';
import * as memory from './memory/index.mjs';
import * as micro from './micro/index.mjs';
import * as overhead from './overhead/index.mjs';
import * as peers from './peers/index.mjs';
import * as soak from './soak/index.mjs';
import * as startup from './startup/index.mjs';

const BENCHES = {
  attribution,
  overhead,
  peers,
  micro,
  allocations,
  guard,
  memory,
  soak,
  startup,
  growth,
  collector,
  fuzz,
  attack,
};

const { values, positionals } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    /** For `peers`, `overhead`, `growth` and `soak`: how long the measuring may take. */
    minutes: { type: 'string' },
    /** Major versions of Node, instead of those that the bench measures. */
    node: { type: 'string' },
    /** For `peers`: `hello,awaits,file,bookshop,routes`, or some of them, each with the more bursts. */
    workloads: { type: 'string' },
    /** For `memory`: after how many requests. For `fuzz`: how many. */
    requests: { type: 'string' },
    /** For `memory` and `startup`: how many of each. */
    processes: { type: 'string' },
    /** For `micro`: makes this run the one that later runs are held against. */
    'set-reference': { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const options = {
  quick: values.quick,
  minutes: values.minutes === undefined ? undefined : Number(values.minutes),
  majors: values.node?.split(',').map(Number),
  workloads: values.workloads?.split(','),
  requests: values.requests === undefined ? undefined : Number(values.requests),
  processes: values.processes === undefined ? undefined : Number(values.processes),
  setReference: values['set-reference'],
};

const names = positionals.length > 0 ? positionals : Object.keys(BENCHES);
const unknown = names.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}. There are:`);
  for (const [name, { summary }] of Object.entries(BENCHES)) console.error(`  ${name}  ${summary}`);
  process.exitCode = 1;
} else {
  await ensureInstalled();
  await ensureBuilt();
  for (const name of names) {
    const result = await BENCHES[name].bench(options);
    // `{ markdown, readme?, files? }`, or just the Markdown.
    const { markdown, readme, files = {} } = typeof result === 'string' ? { markdown: result } : result;
    console.log(`${markdown}\n`);
    if (!values.write) continue;
    writeSection('docs/benchmarks.md', name, markdown);
    if (readme !== undefined) writeSection('README.md', name, readme);
    for (const [file, text] of Object.entries(files)) writeProjectFile(file, text);
  }
}
