import { machineLine, nodesOf } from '../lib/machine.mjs';
import { markdownTable } from '../lib/markdown.mjs';
import { bytesOfRequest } from './bytes-of-request.mjs';

export const summary = 'bytes a request allocates: the same on a busy machine as on a quiet one';

const VARIANTS = [
  { variant: 'bare', name: 'bare' },
  { variant: 'async-local-storage', name: 'AsyncLocalStorage alone' },
  { variant: 'holdup', name: 'Holdup, default options' },
];

/** Measures and returns the report, as Markdown. */
export async function bench({ majors = [20, 22, 24, 26] }) {
  const nodes = nodesOf(majors);
  const rows = await Promise.all(
    VARIANTS.map(async ({ name, variant }) => {
      const cells = [];
      for (const { program } of nodes) cells.push(await bytesOfRequest(program, variant));
      return [name, ...cells.map((bytes) => Math.round(bytes).toLocaleString('en'))];
    }),
  );
  const table = markdownTable(['bytes a request', ...nodes.map(({ version }) => `Node ${version}`)], rows);
  return (
    `## Allocations a request\n\n${table}\n\n${machineLine()}. A hello-world of Express 5 without a socket and an answer, ` +
    'which would be the same in each; what V8 itself allocates when it looks a property up in vain is in it, and on Node 20 ' +
    'is most of it.'
  );
}
