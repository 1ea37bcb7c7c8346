// Prints `N passed, N failed` from vitest's JSON report, and exits with 0 only when all passed and no check failed.
// usage: count-results.mjs REPORT VITEST_EXIT_CODE all|some [FAILED_CHECK]...
//   all: every test file must be in the report
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [file, exitCode, which, ...failedChecks] = process.argv.slice(2);
const tests = join(import.meta.dirname, '../test');
let passed = 0;
let failed = 0;
let skipped = [];
let missing = [];
try {
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  passed = results.filter(({ status }) => status === 'passed').length;
  skipped = results.filter(({ status }) => status !== 'passed' && status !== 'failed');
  // A file that could not be run at all has no tests in it, and still counts.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  );
  failed = results.filter(({ status }) => status === 'failed').length + broken.length;
  if (which === 'all') {
    const ran = new Set(report.testResults.map(({ name }) => name));
    const files = readdirSync(tests, { recursive: true }).filter((name) => name.endsWith('.test.ts'));
    missing = files.filter((name) => !ran.has(join(tests, name)));
  }
} catch (error) {
  console.error(`no test results: ${error.message}`);
  failed += 1;
}
if (exitCode !== '0' && failed === 0) {
  console.error(`no test failed, but vitest ended with exit code ${exitCode}; that counts as one`);
  failed += 1;
}
for (const check of failedChecks) console.log(`failed: ${check}`);
failed += failedChecks.length;
// A file that no project has counts as failed. An ordinary user may lack what the tests of root and of CI must have.
for (const name of missing) console.log(`not run: test/${name}`);
if (process.getuid() === 0 || process.env.CI === 'true') failed += missing.length;
for (const { fullName } of skipped) console.log(`skipped: ${fullName}`);
const skips = skipped.length > 0 ? `, ${skipped.length} skipped` : '';
console.log(`${passed} passed, ${failed} failed${skips}`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
