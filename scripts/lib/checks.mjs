import { projectTool, run } from './run.mjs';

/** Everything that is checked without running the product. Each names the program and its arguments. */
const CHECKS = [
  { name: 'types and the import rule (tsc -b)', command: projectTool('tsc'), args: ['-b'] },
  {
    name: 'format and lint (biome)',
    command: projectTool('biome'),
    args: ['ci', '--colors=off', '--no-errors-on-unmatched'],
  },
  { name: 'nothing unused (knip)', command: projectTool('knip'), args: ['--no-progress'] },
  { name: 'package contents (publint)', command: projectTool('publint'), args: ['--strict'] },
  { name: 'package types (attw)', command: projectTool('attw'), args: ['--pack', '.', '--profile', 'esm-only'] },
];

/**
 * Runs the checks one after another, a line each, with the output of those that fail.
 *
 * @returns {Promise<{ passed: number, failed: number }>}
 */
export async function runChecks() {
  let passed = 0;
  let failed = 0;
  for (const { name, command, args } of CHECKS) {
    const startedAtMs = performance.now();
    const { exitCode, output } = await run(command, args);
    const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
    console.log(`${exitCode === 0 ? 'ok    ' : 'FAILED'}  ${name}  ${seconds} s`);
    if (exitCode === 0) {
      passed++;
    } else {
      failed++;
      console.log(indent(output));
    }
  }
  return { passed, failed };
}

function indent(output) {
  return output.trimEnd().replace(/^/gm, '        ');
}
