import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { machineLine, majorOf, nodesOf, pinned, SERVER_CORE } from '../lib/machine.mjs';
import { markdownTable } from '../lib/markdown.mjs';

export const summary = 'nanoseconds of each part, and whether one became slower';

const PARTS = fileURLToPath(new URL('./parts.mjs', import.meta.url));
const REFERENCE = fileURLToPath(new URL('./reference.json', import.meta.url));
const FULL = { processes: 4, turns: 60 };
const QUICK = { processes: 2, turns: 20 };
/** The name of the part that is none of Holdup's. */
const LOOP = 'reference';
/** A part that takes this many times what it took, in loops of the reference, has become slower. Machines differ by less. */
const SLOWER = 2;

/**
 * Measures and returns the report, as Markdown. Parts are held against a reference loop of the same run, and that ratio
 * against the one in reference.json, so that it means the same on a slower machine.
 */
export async function bench({ quick, majors = [20, 22, 24], setReference = false }) {
  const nodes = nodesOf(majors).map(({ version, program }) => {
    console.error(`micro: Node ${version} …`);
    const nanos = measure(program, quick ? QUICK : FULL);
    return { version, major: majorOf(version), nanos };
  });
  const reference = existsSync(REFERENCE) ? JSON.parse(readFileSync(REFERENCE, 'utf8')) : {};
  if (setReference) {
    for (const { major, nanos } of nodes) reference[major] = ratiosOf(nanos);
    writeFileSync(REFERENCE, `${JSON.stringify(reference, null, 2)}\n`);
  }
  const slower = [];
  const rows = Object.keys(nodes[0].nanos).map((part) => [
    part,
    ...nodes.map(({ major, version, nanos }) => {
      const change = nanos[part] / nanos[LOOP] / (reference[major]?.[part] ?? Number.NaN);
      if (part === LOOP || Number.isNaN(change)) return time(nanos[part]);
      if (change > SLOWER) slower.push(`${part} on Node ${version}, ${change.toFixed(1)} ×`);
      return `${time(nanos[part])} (${change.toFixed(2)} ×)`;
    }),
  ]);
  const verdict =
    slower.length === 0 ? 'No part became slower.' : `**Slower than the reference allows: ${slower.join('; ')}.**`;
  if (slower.length > 0) process.exitCode = 1;
  return (
    `## Parts\n\n${markdownTable(['part', ...nodes.map(({ version }) => `Node ${version}`)], rows)}\n\n${verdict}\n\n` +
    `${machineLine()}. The fastest turn of each in several processes; in brackets the change against bench/micro/reference.json, both in ` +
    `loops of the reference, so that the machine counts for little. More than ${SLOWER} × is a regression. ` +
    '`wrapper` includes the call itself, `fs.existsSync`.'
  );
}

/** The fastest of several processes, since one may compile a part badly. */
function measure(program, { processes, turns }) {
  const fastest = {};
  for (let i = 0; i < processes; i++) {
    const [command, args] = pinned(SERVER_CORE, program, [PARTS, String(turns)]);
    const nanos = JSON.parse(execFileSync(command, args, { encoding: 'utf8', timeout: 120_000 }));
    for (const [part, value] of Object.entries(nanos)) fastest[part] = Math.min(value, fastest[part] ?? value);
  }
  return fastest;
}

function ratiosOf(nanos) {
  const ratios = Object.entries(nanos).map(([part, value]) => [part, Number((value / nanos[LOOP]).toPrecision(3))]);
  return Object.fromEntries(ratios.filter(([part]) => part !== LOOP));
}

function time(nanos) {
  if (nanos < 10_000) return `${nanos.toFixed(nanos < 100 ? 1 : 0)} ns`;
  return nanos < 1e6 ? `${(nanos / 1e3).toFixed(0)} µs` : `${(nanos / 1e6).toFixed(1)} ms`;
}
