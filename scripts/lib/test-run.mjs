import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { projectTool, root, run } from './run.mjs';

/**
 * Runs the tests, shown as they come, and counts them.
 *
 * @returns {Promise<{ passed: number, failed: number, skipped: number }>}
 */
export async function runTests(filters = []) {
  const report = join(root, '.cache', 'vitest.json');
  mkdirSync(join(root, '.cache'), { recursive: true });
  rmSync(report, { force: true });
  const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...filters];
  const { exitCode } = await run(projectTool('vitest'), args, { show: true });

  let results;
  try {
    results = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  // A file that could not even be loaded has no tests to count: it is one failure.
  const broken = results.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  const counts = {
    passed: results.numPassedTests,
    failed: results.numFailedTests + broken.length,
    skipped: results.numPendingTests + results.numTodoTests,
  };
  // Such as an error that no test caught: vitest says so by its exit code alone.
  if (exitCode !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}
