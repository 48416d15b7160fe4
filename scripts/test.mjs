// `npm test`: on a fresh machine, by itself. Installs what is missing, builds, checks, runs every test.
// Its last line is `N passed, N failed` (and `, N skipped` if any); the exit code says the same.
import { runChecks } from './lib/checks.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { mustRun } from './lib/run.mjs';
import { runTests } from './lib/test-run.mjs';
import { ensureTestTools } from './lib/test-tools.mjs';

/** Parts of test file names, to run only those: `npm test -- protocol`. */
const filters = process.argv.slice(2);
const counts = { passed: 0, failed: 0, skipped: 0 };
const timings = [];

if (await stage('dependencies', ensureInstalled)) {
  await stage('test tools', ensureTestTools);
  await stage('build', build);
  await stage('checks', runChecks);
  await stage('tests', () => runTests(filters));
}
console.log(`\n${timings.join(' · ')}`);
console.log(
  `${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`,
);
process.exitCode = counts.failed === 0 ? 0 : 1;

/** Runs one stage and adds up what it counted. One that throws counts as a failure; answers whether it did not. */
async function stage(name, work) {
  console.log(`\n── ${name}`);
  const startedAtMs = performance.now();
  let result;
  try {
    result = (await work()) ?? {};
  } catch (error) {
    console.log(`FAILED  ${name}\n${error.message}`);
    result = { failed: 1 };
  }
  for (const [what, count] of Object.entries(result)) counts[what] += count;
  timings.push(`${name} ${((performance.now() - startedAtMs) / 1000).toFixed(0)} s`);
  return result.failed === undefined || result.failed === 0;
}

async function build() {
  await mustRun('npm', ['run', '--silent', 'build']);
  console.log('ok      the build');
  return { passed: 1 };
}
