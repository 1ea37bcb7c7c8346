// Prints `N passed, N failed` from vitest's JSON report, and exits with 0 only when all passed and no check failed.
// usage: count-results.mjs REPORT CHECKS_FAILED(0|1)
import { readFileSync } from 'node:fs';

const [file, checksFailed] = process.argv.slice(2);
let passed = 0;
let failed = 0;
let skipped = [];
try {
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  passed = tests.filter(({ status }) => status === 'passed').length;
  skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed');
  // A file that could not be run at all has no tests in it, and still counts.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  );
  failed = tests.filter(({ status }) => status === 'failed').length + broken.length;
} catch (error) {
  console.error(`no test results: ${error.message}`);
  failed += 1;
}
if (checksFailed !== '0' && failed === 0) {
  console.error('a check above failed, and counts as one');
  failed += 1;
}
for (const { fullName } of skipped) console.log(`skipped: ${fullName}`);
const skips = skipped.length > 0 ? `, ${skipped.length} skipped` : '';
console.log(`${passed} passed, ${failed} failed${skips}`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
