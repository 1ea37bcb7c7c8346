import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { REQUESTS } from '../../../src/drivers/mininet/messages.ts';
import { topologyAnswerSchema, topologyRequestSchema } from '../../../src/drivers/mininet/topology-program.ts';
import { printedBy } from './inside/python.ts';

/** Its shape; Python's types say nothing about bounds, and what else an object may have. */
function shapeOf(schema: z.ZodType): unknown {
  const left = new Set(['$schema', 'minimum', 'maximum', 'readOnly', 'propertyNames']);
  return JSON.parse(JSON.stringify(z.toJSONSchema(schema)), (key, value) => {
    if (left.has(key) || (key === 'additionalProperties' && value === false)) return undefined;
    if (value?.type === 'object' && value.properties !== undefined) {
      return { ...value, required: [...(value.required ?? [])].sort() };
    }
    // Whole numbers have bounds, and so an alternative of their own.
    const alternatives: readonly { type?: unknown }[] = value?.anyOf ?? [];
    if (alternatives.length > 0 && alternatives.every((each) => isDeepStrictEqual(Object.keys(each), ['type']))) {
      return { type: alternatives.map(({ type }) => type).sort() };
    }
    if (Array.isArray(value?.type)) return { ...value, type: [...value.type].sort() };
    return value;
  });
}

test('both sides of a sandbox have the same requests, inputs, progress and answers', () => {
  const requests = Object.entries(REQUESTS).map(([name, { input, progress, answer }]) => [
    name,
    { input: shapeOf(input), progress: shapeOf(progress), answer: shapeOf(answer) },
  ]);
  expect(printedBy('print_messages.py')).toEqual({
    requests: Object.fromEntries(requests),
    topologyProgram: { input: shapeOf(topologyRequestSchema), answer: shapeOf(topologyAnswerSchema) },
  });
});
