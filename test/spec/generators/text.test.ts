import { expect, test } from 'vitest';
import { specDifference } from '../../../src/spec/difference.ts';
import { expandedSpec, shortSpec } from '../../../src/spec/generators/text.ts';
import { allParameters, GENERATOR_NAMES } from '../../../src/spec/generators/topologies.ts';
import { readSpec } from '../../../src/spec/read.ts';

/** Large enough for names to fill several lines. */
const LARGER: Readonly<Record<string, object>> = { single: { hosts: 60 }, torus: { x: 5, y: 12 } };

test.each(GENERATOR_NAMES)('of %s, written out it is the same, and the examples of changes hold', (topology) => {
  const values = allParameters({ topology, ...LARGER[topology] });
  const spec = { name: 'null', topology, values, schema: './labctl.schema.json' };
  const lab = readSpec('lab.yaml', shortSpec(spec));
  expect(lab.name).toBe('null');
  const expanded = expandedSpec(spec);
  expect(expanded).not.toContain('generate');
  expect(specDifference(lab, readSpec('lab.yaml', expanded))).toEqual([]);
  for (const text of [shortSpec(spec), expanded]) {
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=./labctl.schema.json');
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  }
  const changed = readSpec('lab.yaml', shortSpec(spec).replaceAll(/^# (?=hosts:|links:|without:)/gm, ''));
  const difference = specDifference(lab, changed);
  expect(difference).toContain(`+ host ${lab.topology.hosts[0]?.name} 10.0.0.1/8 02:00:00:00:00:01`);
  expect(difference.filter((line) => line.startsWith('+ link '))).toEqual([expect.stringMatching(/ bw 10$/)]);
  expect(changed.topology.links.length).toBe(lab.topology.links.length - 1);
});
