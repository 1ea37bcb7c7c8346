import { expect, test } from 'vitest';
import { z } from 'zod';
import { printedBy } from './python.ts';

/** The tests in Python, each as a test of its own. */
const results = z
  .array(z.object({ name: z.string(), failure: z.string().nullable() }))
  .parse(printedBy('run_tests.py'));

test.each(results)('$name', ({ failure }) => {
  expect(failure).toBeNull();
});
