// Writes docs/operations.md from the catalog; with --check it only says whether the file is current.
import { readFileSync, writeFileSync } from 'node:fs';

const { CATALOG, CATALOG_PACKAGES, describeGate, EXEMPT } = await import('../dist/middleware/guard/catalog/index.js');
const FILE = new URL('../docs/operations.md', import.meta.url);

const cell = (text) => text.replaceAll('|', '\\|');
const code = (text) => (text === '' ? '' : `\`${cell(text)}\``);

function table(entries) {
  const rows = entries.map(({ name, docs, gate, since, alternative }) => {
    const when = describeGate(gate);
    const notes = [when, since === '' ? '' : `since Node ${since}`].filter((note) => note !== '').join('; ');
    return `| [${code(name)}](${docs}) | ${notes} | ${code(alternative)} |`;
  });
  return ['| operation | only | instead |', '|---|---|---|', ...rows].join('\n');
}

function sections(entries, keyOf) {
  const groups = Map.groupBy ? Map.groupBy(entries, keyOf) : group(entries, keyOf);
  return [...groups].map(([key, own]) => `### ${key}\n\n${table(own)}`).join('\n\n');
}

function group(entries, keyOf) {
  const groups = new Map();
  for (const entry of entries) groups.set(keyOf(entry), [...(groups.get(keyOf(entry)) ?? []), entry]);
  return groups;
}

const packages = CATALOG_PACKAGES.flatMap(({ entries }) => entries);
const text = `# Sync-only operations

<!-- Made from the catalog by \`node scripts/operations-doc.mjs\`; change middleware/guard/catalog/ instead. -->

What Holdup knows by name: ${CATALOG.length} operations of Node.js and ${packages.length} of packages. Called in a view, each is
reported as an incident of that view, or raises \`SynchronousOnlyOperation\` in \`throw\` mode. Outside a view (at start-up,
in a script) nothing happens. When calls nest, only the outermost counts.

A function of Node.js that is newer than this list is watched too: whatever ends in \`Sync\` in \`fs\`, \`child_process\`,
\`crypto\` or \`zlib\`. Your own are marked with \`asyncUnsafe\`. What blocks without being here (a loop, a regular expression)
is found by its duration and shown as a block.

"only": calls that a person would call harmless are left out. An operation known only by its duration or its output is
reported and never thrown for, because it has run by the time it is known.

## Node.js

${sections(CATALOG, (entry) => (entry.module === '(global)' ? 'globals' : entry.module))}

## Packages

Wrapped as they load, by \`require\` or \`import\`. Those that are ES modules need hooks that Node.js has since 22.22.3, 24.11.1
and 26; before that, and so on Node 20, they are seen through the built-ins they call, with the package named as the owner,
and what calls none (\`bcryptjs\`) shows as a block. Each SQL statement of a database driver is an
operation of its own, shown without its literals. A row read later from \`iterate()\` is not told apart from your own loop.

${table(packages)}

\`graceful-fs\` and \`fs-extra\` copy the functions of \`fs\`, which keep their names: \`fs.readFileSync\`.

## Left out

${Object.entries(EXEMPT)
  .map(([name, reason]) => `- ${code(name)}: ${reason}`)
  .join('\n')}
- \`inspector.waitForDebugger\`: a person asked for it
- \`console.log\` to a terminal or a pipe: Node.js writes it natively; to a file it is \`console\` above
- \`dns.lookup\`: it fills the thread pool, it does not block the loop
`;

if (process.argv.includes('--check')) {
  if (readFileSync(FILE, 'utf8') !== text) {
    process.stderr.write('docs/operations.md is not current: run node scripts/operations-doc.mjs\n');
    process.exitCode = 1;
  }
} else writeFileSync(FILE, text);
